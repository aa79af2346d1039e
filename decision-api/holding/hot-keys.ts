import type { Clock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import type { Random } from '../../engines/random.ts';
import type { Entry } from '../../engines/state-store/state-store.ts';
import { UndecodableError } from '../../schemas/codec.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { StoreGate } from './store-gate.ts';

/** A record of ours that cannot be read is as good as a store that is away: EngineError `refused`. */
export function readable<R>(what: string, decode: () => R): R {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof UndecodableError) throw new EngineError('refused', `a ${what} record cannot be read`, cause);
    throw cause;
  }
}

/** A pure change of one record of `store`: it runs again on the current record when somebody else came first. */
type Change<R, T> = (record: R, store: string) => { readonly record: R; readonly answer: T };

/** A record as it was read, and what it says: reading it again would cost more than the swap. */
export interface Seen<R> {
  readonly entry: Entry;
  readonly record: R;
}

interface Waiting<R> {
  readonly seen: Seen<R> | null;
  readonly change: Change<R, unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Records<R> {
  /** Metric label. */
  readonly what: string;
  readonly decode: (bytes: Buffer | null) => R;
  readonly encode: (record: R) => Buffer;
  /** How long a record is to be kept. */
  readonly expiresInMs: (record: R) => number;
  readonly tries: number;
  /** Whether a store remembers everything. Records of another one are neither believed nor written. */
  readonly trusts: (store: string) => boolean;
}

/**
 * Changes to versioned records. Changes of one key that wait at the same time become one swap: for a shared household or
 * a carrier's address that is milliseconds, where separate contenders take seconds.
 */
export class HotKeys<R> {
  readonly #gate: StoreGate;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: Metrics;
  readonly #records: Records<R>;
  readonly #waiting = new Map<string, Waiting<R>[]>();

  constructor(gate: StoreGate, clock: Clock, random: Random, metrics: Metrics, records: Records<R>) {
    this.#gate = gate;
    this.#clock = clock;
    this.#random = random;
    this.#metrics = metrics;
    this.#records = records;
  }

  /**
   * Applies a change, beginning from `seen` (null: reads first). Rejects with EngineError `conflict` when others came
   * first every time, `store_lost_writes` where the store is not to be trusted yet, or as the store does; after `timeout` the change may have happened.
   */
  change<T>(key: string, seen: Seen<R> | null, change: Change<R, T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = { seen, change, resolve: resolve as (answer: unknown) => void, reject };
      const queue = this.#waiting.get(key);
      if (queue) {
        queue.push(waiting);
        return;
      }
      this.#waiting.set(key, [waiting]);
      void this.#drain(key);
    });
  }

  async #drain(key: string): Promise<void> {
    // Changes asked for in the same turn of the event loop go together.
    await Promise.resolve();
    const queue = this.#waiting.get(key) ?? [];
    let seen: Seen<R> | null = null;
    while (queue.length > 0) seen = await this.#apply(key, queue.splice(0), seen);
    this.#waiting.delete(key);
  }

  async #apply(key: string, batch: readonly Waiting<R>[], known: Seen<R> | null): Promise<Seen<R> | null> {
    try {
      let { entry, record: before } = known ?? newest(batch) ?? (await this.#read(key));
      for (let attempt = 1; ; attempt++) {
        if (!this.#records.trusts(entry.store)) {
          throw new EngineError('store_lost_writes', `${this.#records.what} waits until the store is caught up`);
        }
        const { record, answers } = runAll(before, entry.store, batch);
        if (record === before) return this.#settle(batch, answers, { entry, record });
        const { encode, expiresInMs } = this.#records;
        const swapped = await this.#gate.swap(key, entry, encode(record), expiresInMs(record));
        if (swapped.ok) return this.#settle(batch, answers, { entry: swapped.entry, record });
        this.#metrics.conflicts.inc({ what: this.#records.what });
        if (attempt >= this.#records.tries) throw new EngineError('conflict', `${this.#records.what} is contended`);
        entry = swapped.entry;
        before = this.#records.decode(entry.bytes);
        // The first loss is mostly a record read too early; only a second one means a crowd.
        if (attempt > 1) await this.#clock.sleep(Math.ceil(this.#random.unit() * limits.jitterMs));
      }
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
      return null;
    }
  }

  async #read(key: string): Promise<Seen<R>> {
    const [entry] = await this.#gate.read([key]);
    if (!entry) throw new EngineError('refused', 'the store answered a read of one key with nothing');
    return { entry, record: this.#records.decode(entry.bytes) };
  }

  #settle(batch: readonly Waiting<R>[], answers: readonly unknown[], seen: Seen<R>): Seen<R> {
    for (const [index, waiting] of batch.entries()) waiting.resolve(answers[index]);
    return seen;
  }
}

/**
 * The latest of what the waiting ones have read: an older one would only lose. Null where one has read nothing: to it a record that
 * is older than its own writes would say that there is nothing to change.
 */
function newest<R>(batch: readonly Waiting<R>[]): Seen<R> | null {
  if (batch.some(({ seen }) => seen === null)) return null;
  return batch.reduce<Seen<R> | null>(
    (best, { seen }) => (seen !== null && (best === null || seen.entry.version > best.entry.version) ? seen : best),
    null,
  );
}

function runAll<R>(
  before: R,
  store: string,
  batch: readonly Waiting<R>[],
): { readonly record: R; readonly answers: unknown[] } {
  let record = before;
  const answers: unknown[] = [];
  for (const waiting of batch) {
    const result = waiting.change(record, store);
    record = result.record;
    answers.push(result.answer);
  }
  return { record, answers };
}
