import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Consumer, Lease, LogRecord, TopicPartition } from './event-log.ts';

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;
/** What waits here before the broker is asked for no more: so many batches, or so many bytes. */
const BATCHES_WAITING_MAX = 2;
const BYTES_WAITING_MAX = 2 * 1024 * 1024;

/** What a hold asks of the fetching side. */
export interface Feed {
  /** Fetches on from this offset, and gives nothing of before. */
  seek(place: TopicPartition, offset: number): void;
  pause(place: TopicPartition): void;
  unpause(place: TopicPartition): void;
  /** The oldest offset that is kept. */
  oldest(place: TopicPartition): Promise<number>;
}

export interface KafkaHoldOptions extends TopicPartition {
  readonly consumer: Consumer;
  readonly maxBatch: number;
  readonly clock: Clock;
  readonly feed: Feed;
  /** Whether the member's lease runs. */
  readonly leased: () => boolean;
  /** Hears of a rejected `resume`; a rejected `apply` is the consumer's to tell. */
  readonly onError: (error: unknown) => void;
  /** Settles when this member's former `apply` of the same partition has ended. */
  readonly after: Promise<void> | undefined;
}

/**
 * One partition while this member holds it. Records come by `offer` and wait here, so that neither a slow partition nor
 * a long `apply` holds up fetching and heartbeats. What does not join to the last record taken is never applied: records
 * that were fetched before a rejoin or a seek may arrive at any time.
 */
export class KafkaHold {
  readonly topic: string;
  readonly partition: number;
  readonly #options: KafkaHoldOptions;
  readonly #lost = new AbortController();
  readonly #running: Promise<void>;
  #waiting: LogRecord[] = [];
  #bytes = 0;
  /** The offset to be offered next; undefined until `resume` has answered. */
  #expected: number | undefined;
  /** The first offset of records that did not join; taken if the broker gives the same after a seek. */
  #gapTo: number | undefined;
  #looking = false;
  #paused = true;
  #held = false;
  #applying = false;
  /** After the last applied record; undefined before the first. */
  #applied: number | undefined;
  #wake: () => void = () => undefined;

  constructor(options: KafkaHoldOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
    options.feed.pause(this);
    this.#running = this.#run();
  }

  /** True while no `apply` runs. */
  idle(): boolean {
    return !this.#applying;
  }

  /** The offset after the last applied record, if there was one since the lease began. */
  applied(): number | undefined {
    return this.#applied;
  }

  /** No further `apply` begins, until `proceed`. */
  hold(): void {
    this.#held = true;
  }

  /** The member still holds the partition, in a new generation: fetching starts again where it was. */
  proceed(): void {
    this.#held = false;
    if (this.#expected !== undefined) this.#options.feed.seek(this, this.#expected);
    this.#wake();
  }

  /** The lease is over; nothing more is delivered. */
  end(): void {
    this.#lost.abort();
    this.#wake();
  }

  /** Resolves when it has ended and no `apply` runs. */
  settled(): Promise<void> {
    return this.#running;
  }

  /** Resolves when no `apply` runs; none may begin meanwhile (`hold`). */
  async quiet(): Promise<void> {
    while (this.#applying) await this.#options.clock.sleep(5);
  }

  /** Records as fetched, in order. */
  offer(records: readonly LogRecord[]): void {
    const expected = this.#expected;
    if (expected === undefined || this.#looking) return;
    const fresh = records.filter(({ offset }) => offset >= expected);
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (!first || !last) return;
    if (first.offset !== expected && first.offset !== this.#gapTo) {
      this.#looking = true;
      this.#lookAt(first.offset).catch(this.#options.onError);
      return;
    }
    this.#gapTo = undefined;
    this.#expected = last.offset + 1;
    for (const record of fresh) {
      this.#waiting.push(record);
      this.#bytes += record.value.length;
    }
    if (this.#share() >= 1) this.#pause();
    this.#wake();
  }

  /** Records do not join: the older ones are no longer kept, or these were fetched for a position of before. */
  async #lookAt(offered: number): Promise<void> {
    const { feed } = this.#options;
    try {
      const oldest = await feed.oldest(this);
      if (this.#expected === undefined) return;
      this.#expected = Math.max(this.#expected, oldest);
      this.#gapTo = offered;
    } finally {
      this.#looking = false;
      if (this.#expected !== undefined) feed.seek(this, this.#expected);
    }
  }

  async #run(): Promise<void> {
    const { consumer, clock, feed, after } = this.#options;
    const lease: Lease = { topic: this.topic, partition: this.partition, lost: this.#lost.signal };
    let backoffMs = BACKOFF_MS_MIN;
    await after;
    while (this.#open()) {
      try {
        const position = await this.#resume(lease);
        if (!this.#open()) return;
        this.#expected = position;
        feed.seek(this, position);
        this.#unpause();
        for (let batch = await this.#next(); batch; batch = await this.#next()) {
          await consumer.apply(batch, lease);
          this.#applied = (batch.at(-1)?.offset ?? 0) + 1;
          backoffMs = BACKOFF_MS_MIN;
          this.#applying = false;
          if (this.#share() < 0.5) this.#unpause();
          // An `apply` that waits for nothing would otherwise keep heartbeats from running.
          await nextTurn();
        }
      } catch {
        // The consumer knows what failed and has said so; the log's part is to begin again, later.
        this.#forget();
        this.#applying = false;
        if (!this.#open()) return;
        await Promise.race([clock.sleep(backoffMs), aborted(this.#lost.signal)]);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      }
    }
  }

  async #resume(lease: Lease): Promise<number> {
    const { consumer, onError } = this.#options;
    try {
      return await consumer.resume(lease);
    } catch (error) {
      onError(error);
      throw error;
    }
  }

  /** The next batch once there is one and it may be applied; null once the lease is over. Counts as applying from here. */
  async #next(): Promise<LogRecord[] | null> {
    while (this.#open() && (this.#held || this.#waiting.length === 0 || !this.#options.leased())) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (!this.#open()) return null;
    const batch = this.#waiting.splice(0, this.#options.maxBatch);
    for (const { value } of batch) this.#bytes -= value.length;
    this.#applying = true;
    return batch;
  }

  #forget(): void {
    this.#pause();
    this.#expected = undefined;
    this.#gapTo = undefined;
    this.#waiting = [];
    this.#bytes = 0;
  }

  #open(): boolean {
    return !this.#lost.signal.aborted;
  }

  /** How full it is here; from 1 on nothing more is asked for. */
  #share(): number {
    const records = this.#waiting.length / (this.#options.maxBatch * BATCHES_WAITING_MAX);
    return Math.max(records, this.#bytes / BYTES_WAITING_MAX);
  }

  #pause(): void {
    if (!this.#paused) this.#options.feed.pause(this);
    this.#paused = true;
  }

  #unpause(): void {
    if (this.#paused && this.#open()) {
      this.#options.feed.unpause(this);
      this.#paused = false;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
