import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Consumer, Lease } from './event-log.ts';
import type { Held } from './leases.ts';
import type { LogStore } from './log-store.ts';

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;

export interface HoldOptions {
  readonly topic: string;
  readonly partition: number;
  readonly expiresAt: number;
  readonly store: LogStore;
  readonly clock: Clock;
  readonly consumer: Consumer;
  readonly maxBatch: number;
  /** Hears of a rejected `resume`; a rejected `apply` is the consumer's to tell. */
  readonly onError: (error: unknown) => void;
  /** One delivery runs up to the end it saw and never yields to timers: for a clock that waits for it. */
  readonly lockStep: boolean;
  /** Settles when this member's former `apply` of the same partition has ended. */
  readonly after: Promise<void> | undefined;
}

/** One partition while this member holds it: resumes, reads on, backs off. */
export class Hold implements Held {
  readonly topic: string;
  readonly partition: number;
  leaving = false;
  /** Epoch ms; renewed by the beat. */
  expiresAt: number;
  readonly #options: HoldOptions;
  readonly #lost = new AbortController();
  readonly #lease: Lease;
  #position: number | undefined;
  #notBefore = 0;
  #backoffMs = BACKOFF_MS_MIN;
  #running: Promise<void> | null = null;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    this.expiresAt = options.expiresAt;
    this.#lease = { topic: options.topic, partition: options.partition, lost: this.#lost.signal };
  }

  idle(): boolean {
    return this.#running === null;
  }

  /** The lease is over, for whatever reason; nothing more is delivered. */
  end(): void {
    this.#lost.abort();
  }

  /** Delivers what is there, unless it does already or waits after a rejection. Resolves when it has caught up. */
  deliver(): Promise<void> {
    if (this.#running || !this.#due()) return this.#running ?? Promise.resolve();
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Resolves when no `apply` runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #open(): boolean {
    return !this.leaving && !this.#lost.signal.aborted;
  }

  #due(): boolean {
    if (!this.#open() || this.#options.clock.now() < this.#notBefore) return false;
    return this.#position === undefined || this.#position < this.#end();
  }

  #end(): number {
    return this.#options.store.nextOffset(this.topic, this.partition);
  }

  async #run(): Promise<void> {
    const { lockStep, after } = this.#options;
    try {
      const seenEnd = this.#end();
      await after;
      let position = this.#position ?? (await this.#resume());
      this.#position = position;
      while (this.#open() && (!lockStep || position < seenEnd)) {
        const next = await this.#applyFrom(position);
        if (next === position) return;
        position = next;
        this.#position = position;
        this.#backoffMs = BACKOFF_MS_MIN;
        // An `apply` that waits for nothing would otherwise keep the beats of this process from running.
        if (!lockStep) await nextTurn();
      }
    } catch {
      // The consumer knows what failed and has said so; the log's part is to begin again, later.
      this.#position = undefined;
      this.#notBefore = this.#options.clock.now() + this.#backoffMs;
      this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
    }
  }

  async #resume(): Promise<number> {
    const { consumer, onError } = this.#options;
    try {
      return await consumer.resume(this.#lease);
    } catch (error) {
      onError(error);
      throw error;
    }
  }

  /** The position after the batch; the same when there was nothing. */
  async #applyFrom(position: number): Promise<number> {
    const { store, consumer, maxBatch } = this.#options;
    const records = store.read(this.topic, this.partition, position, maxBatch);
    const last = records.at(-1);
    if (!last) return position;
    await consumer.apply(records, this.#lease);
    return last.offset + 1;
  }
}
