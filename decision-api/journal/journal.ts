import { type Clock, skewMs } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import type { EventLog, OutRecord } from '../../engines/event-log/event-log.ts';
import { within } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { noStint, type Stint } from './stints.ts';

/** Where an instance writes down what it answers. */
export interface Journal {
  /** The event log does not answer. */
  readonly away: boolean;
  /** So full that beacons are refused and nothing is served that costs money. */
  readonly full: boolean;
  /** How far the log's clock was from ours at the last append; positive: the log is ahead. */
  readonly skewMs: number;
  /** What works only in part, and why. */
  degraded(): readonly string[];
  /** Whether an append may succeed: what cannot be written down need not be decided. */
  worthTrying(): boolean;
  /**
   * Resolves once the records survive the death of this process; for `beacons` also once the log has them, if it answers
   * soon. Rejects with EngineError; after `timeout` they may be there or not; `lease_lost` where the decision's `stint` began with
   * another journal.
   */
  append(topic: string, records: readonly OutRecord[], kind: 'requests' | 'beacons', stint?: Stint): Promise<void>;
  /** A decision begins; `leave` when all that it holds is written down or given up. */
  enter(): Stint;
  leave(stint: Stint): void;
  /** Whoever catches a store up waits for what we have decided: places and money may be taken in this many partitions. */
  isKnown(partitions: number): boolean;
  /** The stores as they are now, and how many partitions requests may go to. */
  saw(stores: readonly string[], partitions: number): void;
  /** Ends what is on its way. What the log does not take by then is kept. */
  close(): Promise<void>;
}

interface Waiting {
  readonly records: readonly OutRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The embedded log is its own journal. What comes while an append of the topic is under way goes together with the next one. */
export class LogJournal implements Journal {
  readonly full = false;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #busy = new Map<string, Promise<void>>();
  #away = false;
  #skewMs = 0;
  #triedAt = 0;

  constructor(log: EventLog, clock: Clock, metrics: Metrics) {
    this.#log = log;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  get away(): boolean {
    return this.#away;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  degraded(): readonly string[] {
    return this.#away ? ['event log: the last append failed, pods are empty'] : [];
  }

  /** What is decided is in the log before it is answered. */
  enter(): Stint {
    return noStint;
  }

  leave(): void {}

  isKnown(): boolean {
    return true;
  }

  saw(): void {}

  /** False while the log is away, but for one try every now and then: what cannot be logged need not be decided. */
  worthTrying(): boolean {
    if (!this.#away) return true;
    const now = this.#clock.now();
    if (now < this.#triedAt + limits.logRetryMs) return false;
    this.#triedAt = now;
    return true;
  }

  append(topic: string, records: readonly OutRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(topic) ?? [];
      queue.push({ records, resolve, reject });
      this.#waiting.set(topic, queue);
      if (!this.#busy.has(topic)) this.#busy.set(topic, this.#drain(topic));
    });
  }

  async close(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  async #drain(topic: string): Promise<void> {
    // One turn of the event loop lets the requests that arrived together go together.
    await Promise.resolve();
    for (let batch = this.#next(topic); batch.length > 0; batch = this.#next(topic)) await this.#ship(topic, batch);
    this.#busy.delete(topic);
  }

  #next(topic: string): Waiting[] {
    const queue = this.#waiting.get(topic) ?? [];
    let records = 0;
    let taken = 0;
    while (taken < queue.length && (taken === 0 || records < limits.appendRecords)) {
      records += queue[taken]?.records.length ?? 0;
      taken++;
    }
    return queue.splice(0, taken);
  }

  async #ship(topic: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const records = batch.flatMap((waiting) => waiting.records);
      const asked = this.#clock.now();
      const call = this.#log.append(topic, records);
      const appended = await within(this.#clock, limits.appendMs, 'an append', call);
      this.#away = false;
      this.#metrics.breakerOpen.set({ engine: 'event_log' }, 0);
      const newest = appended.at(-1);
      if (newest) this.#skewMs = skewMs({ asked, stamped: newest.appendedAt, heard: this.#clock.now() });
      for (const waiting of batch) waiting.resolve();
    } catch (error) {
      this.#away = true;
      this.#metrics.breakerOpen.set({ engine: 'event_log' }, 1);
      this.#metrics.engineFailures.inc({
        engine: 'event_log',
        code: error instanceof EngineError ? error.code : 'fault',
      });
      for (const waiting of batch) waiting.reject(error);
    }
  }
}
