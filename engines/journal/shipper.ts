import { type Clock, skewMs } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { Random } from '../random.ts';
import type { JournalRecord, JournalStore } from './journal-store.ts';

export interface ShipperOptions {
  readonly store: JournalStore;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  /** The log has these and everything of their topic before them, or refused them for good. `skewMs`: of its clock against ours. */
  readonly onShipped: (topic: string, records: readonly JournalRecord[], skewMs: number | null) => void;
  readonly onDead: (record: JournalRecord, why: EngineError) => void;
  /** Nothing more is shipped: the journal is somebody else's. */
  readonly onLost: () => void;
  /** The breaker opened, with why, or closed: null. */
  readonly onBreaker: (why: unknown) => void;
}

/** After this long without an answer the breaker opens; what was sent goes on waiting for its own. */
const SLOW_MS = 1_000;
/** What is put within it travels together. */
const LINGER_MS = 5;
/** What was shipped is removed this much later, together: each removal is a flush to the disk that the next puts wait behind. */
const CLEAR_MS = 100;
const PAUSE_MS = { first: 100, most: 2_000 };

/**
 * Ships a journal to the log: per topic in the order of the records, one request in flight. What fails is sent again, so
 * the log can hold a record twice; its arrival id, equal in both, tells that from a player's repetition.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #loops = new Map<string, Promise<void>>();
  /** The highest number that the log has, by topic. */
  readonly #shipped = new Map<string, number>();
  /** In the log, and not yet removed from the journal. */
  #leftovers: Pick<JournalRecord, 'topic' | 'number' | 'bytes'>[] = [];
  #clearing: Promise<void> | null = null;
  readonly #stop = Promise.withResolvers<void>();
  #stopped = false;
  #open = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  /** The breaker: the last attempt failed or goes on for too long. Closed by an answer. */
  get away(): boolean {
    return this.#open;
  }

  /** Something was put there. */
  wake(topic: string): void {
    if (!this.#stopped && !this.#loops.has(topic)) this.#loops.set(topic, this.#run(topic));
  }

  /** Ships everything that is there; resolves to whether that was possible within `ms`. */
  async drain(ms: number): Promise<boolean> {
    const { store, clock } = this.#options;
    for (const topic of store.topics()) this.wake(topic);
    const late = clock.sleep(ms).then(() => false);
    const all = async () => {
      while (this.#loops.size > 0) await Promise.all(this.#loops.values());
      await this.#clearing;
      return true;
    };
    return (await Promise.race([all(), late])) && store.topics().length === 0;
  }

  /** Begins nothing more; does not wait for what is on its way. */
  stop(): void {
    this.#stopped = true;
    this.#stop.resolve();
  }

  async #run(topic: string): Promise<void> {
    const { store, clock } = this.#options;
    await clock.sleep(LINGER_MS);
    for (let failures = 0; !this.#stopped; ) {
      try {
        const batch = store.next(topic, this.#shipped.get(topic));
        if (batch.length === 0) break;
        await this.#ship(topic, batch);
        failures = 0;
      } catch (error) {
        if (error instanceof EngineError && isOver(error)) {
          this.#lose(error);
          break;
        }
        await Promise.race([clock.sleep(this.#pauseMs(failures++)), this.#stop.promise]);
      }
    }
    this.#loops.delete(topic);
    // What came between the last look and now saw this loop still running.
    if (!this.#stopped && store.next(topic, this.#shipped.get(topic)).length > 0) this.wake(topic);
  }

  #lose(error: EngineError): void {
    if (this.#stopped) return;
    this.stop();
    if (error.code === 'lease_lost') this.#options.onLost();
  }

  async #ship(topic: string, batch: readonly JournalRecord[]): Promise<void> {
    const { log, clock } = this.#options;
    const slow = () => this.#breaker(new EngineError('timeout', `${topic}: no answer within ${SLOW_MS} ms`));
    const asked = clock.now();
    try {
      using _slow = clock.every(SLOW_MS, slow, slow);
      const appended = await log.append(topic, batch);
      this.#breaker(null);
      const stamped = appended.at(-1)?.appendedAt ?? clock.now();
      this.#done(topic, batch, skewMs({ asked, stamped, heard: clock.now() }));
    } catch (error) {
      if (error instanceof EngineError && error.code === 'refused') return await this.#sift(topic, batch, error);
      this.#breaker(error);
      throw error;
    }
  }

  /** The log does not want one of them: halves go on their own until it is found. */
  async #sift(topic: string, batch: readonly JournalRecord[], why: EngineError): Promise<void> {
    const [first] = batch;
    if (first && batch.length === 1) {
      await this.#options.store.bury(first);
      this.#options.onDead(first, why);
      this.#shipped.set(topic, first.number);
      this.#options.onShipped(topic, batch, null);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#ship(topic, batch.slice(0, half));
    await this.#ship(topic, batch.slice(half));
  }

  #done(topic: string, batch: readonly JournalRecord[], skewMs: number): void {
    const last = batch.at(-1);
    if (last) this.#shipped.set(topic, last.number);
    this.#leftovers.push(...batch.map(({ topic, number, bytes }) => ({ topic, number, bytes })));
    this.#clearing ??= this.#clearSoon();
    this.#options.onShipped(topic, batch, skewMs);
  }

  /** Until nothing is left over. Meanwhile shipping goes on: what is left over is not shipped again by us. */
  async #clearSoon(): Promise<void> {
    const { store, clock } = this.#options;
    for (let failures = 0; this.#leftovers.length > 0 && !this.#stopped; ) {
      await Promise.race([clock.sleep(failures === 0 ? CLEAR_MS : this.#pauseMs(failures)), this.#stop.promise]);
      const leftovers = this.#leftovers.splice(0);
      try {
        await store.remove(leftovers);
        failures = 0;
      } catch (error) {
        this.#leftovers.push(...leftovers);
        failures++;
        if (error instanceof EngineError && isOver(error)) this.#lose(error);
      }
    }
    this.#clearing = null;
  }

  #breaker(why: unknown): void {
    if (this.#open === (why !== null)) return;
    this.#open = why !== null;
    this.#options.onBreaker(why);
  }

  #pauseMs(failures: number): number {
    const ms = Math.min(PAUSE_MS.first * 2 ** failures, PAUSE_MS.most);
    return ms * (0.5 + this.#options.random.unit() / 2);
  }
}

/** The journal is somebody else's, or shut. */
function isOver({ code }: EngineError): boolean {
  return code === 'lease_lost' || code === 'closed';
}
