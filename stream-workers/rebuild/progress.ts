import type { Clock } from '../../engines/clock.ts';

/** How far a rebuild is. */
export interface Step {
  readonly step: string;
  /** Read so far, over all topics. */
  readonly records: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Of this step, 0 to 1. */
  readonly fraction: number;
  /** Until this step ends if it goes on like this; null: nobody can tell yet. */
  readonly leftMs: number | null;
}

interface Span {
  readonly oldest: number;
  readonly position: number;
  readonly end: number;
}

/** Counts what is read and tells it, at most once in `everyMs`. */
export class Progress {
  readonly #clock: Clock;
  readonly #tell: (step: Step) => void;
  readonly #everyMs: number;
  readonly #began: number;
  #step = '';
  #stepBegan = 0;
  #spans = new Map<number, Span>();
  #toldAt = 0;
  records = 0;
  bytes = 0;

  constructor(clock: Clock, tell: (step: Step) => void, everyMs = 1_000) {
    this.#clock = clock;
    this.#tell = tell;
    this.#everyMs = everyMs;
    this.#began = clock.now();
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#began;
  }

  /** A topic is read next, to these offsets. */
  expect(step: string, ends: readonly number[]): void {
    this.#begin(step);
    this.#spans = new Map(ends.map((end, partition) => [partition, { oldest: 0, position: 0, end }]));
  }

  read(_step: string, partition: number, span: Span, records: readonly { readonly value: Buffer }[]): void {
    this.#spans.set(partition, span);
    this.records += records.length;
    for (const { value } of records) this.bytes += value.length;
    this.#say(this.#fraction());
  }

  /** Something that is not reading: `done` of `all`. */
  work(step: string, done: number, all: number): void {
    if (step !== this.#step) this.#begin(step);
    this.#say(all === 0 ? 1 : done / all);
  }

  #begin(step: string): void {
    this.#step = step;
    this.#stepBegan = this.#clock.now();
    this.#toldAt = 0;
  }

  #fraction(): number {
    let all = 0;
    let done = 0;
    for (const { oldest, position, end } of this.#spans.values()) {
      all += Math.max(0, end - oldest);
      done += Math.max(0, position - oldest);
    }
    return all === 0 ? 1 : done / all;
  }

  #say(fraction: number): void {
    const now = this.#clock.now();
    if (now - this.#toldAt < this.#everyMs && fraction < 1) return;
    this.#toldAt = now;
    const spent = now - this.#stepBegan;
    const leftMs = fraction > 0 ? Math.round((spent * (1 - fraction)) / fraction) : null;
    const { records, bytes, elapsedMs } = this;
    this.#tell({ step: this.#step, records, bytes, elapsedMs, fraction, leftMs });
  }
}
