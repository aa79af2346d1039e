import type { Clock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';
import type { Appended, EventLog, OutRecord } from '../engines/event-log/event-log.ts';
import { within } from './deadline.ts';
import { limits } from './limits.ts';
import type { Metrics } from './metrics.ts';

interface Waiting {
  readonly records: readonly OutRecord[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends to the log; what comes while an append of the topic is under way goes together with the next one. */
export class Journal {
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

  /** The last append failed. */
  get away(): boolean {
    return this.#away;
  }

  /** How far the log's clock was from ours at the last append; positive: the log is ahead. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** False while the log is away, but for one try every now and then: what cannot be logged need not be decided. */
  worthTrying(): boolean {
    if (!this.#away) return true;
    const now = this.#clock.now();
    if (now < this.#triedAt + limits.logRetryMs) return false;
    this.#triedAt = now;
    return true;
  }

  /** Resolves once the records are committed. Rejects with EngineError; after `timeout` they may be there or not. */
  append(topic: string, records: readonly OutRecord[]): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(topic) ?? [];
      queue.push({ records, resolve, reject });
      this.#waiting.set(topic, queue);
      if (!this.#busy.has(topic)) this.#busy.set(topic, this.#drain(topic));
    });
  }

  /** Resolves when nothing is on its way any more. */
  async flush(): Promise<void> {
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
      const call = this.#log.append(topic, records);
      const appended = await within(this.#clock, limits.appendMs, 'an append', call);
      this.#away = false;
      const newest = appended.at(-1);
      if (newest) this.#skewMs = newest.appendedAt - this.#clock.now();
      let from = 0;
      for (const waiting of batch) {
        waiting.resolve(appended.slice(from, from + waiting.records.length));
        from += waiting.records.length;
      }
    } catch (error) {
      this.#away = true;
      this.#metrics.engineFailures.inc({
        engine: 'event_log',
        code: error instanceof EngineError ? error.code : 'fault',
      });
      for (const waiting of batch) waiting.reject(error);
    }
  }
}
