import type { Clock } from '../engines/clock.ts';
import type { Config } from '../engines/config.ts';
import type { EventLog, TopicPartition } from '../engines/event-log/event-log.ts';
import type { Random } from '../engines/random.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import type { Decoded } from '../schemas/codec.ts';

/** A record that could be decoded, with where it stands. */
export interface WorkerRecord extends TopicPartition {
  readonly offset: number;
  /** Epoch ms, the log's clock. */
  readonly appendedAt: number;
  readonly record: Decoded;
}

/** Records of one partition, in order. Replays happen: effects must not change when a batch comes again. */
export interface Batch extends TopicPartition {
  readonly records: readonly WorkerRecord[];
  /** Epoch ms: once this batch is applied, all records appended before are, and none will come before. */
  readonly watermark: number;
}

/** What became of a record. The reason is a metric label: a literal of the worker's own union. */
export interface Outcome {
  readonly offset: number;
  readonly outcome: string;
}

/** What a worker may use. */
export interface Context {
  readonly store: StateStore;
  readonly warehouse: Warehouse;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly config: Config;
  readonly random: Random;
  /** The stores that effects may be written to; null: any. See catch-up.ts. */
  readonly stores: readonly string[] | null;
  /** While records are applied again because a store forgot: since when (epoch ms). */
  readonly catchingUpSince: number | null;
  /** Aborts when the partition belongs to somebody else. */
  readonly lost: AbortSignal;
  /** Times a step of the batch. */
  measure<T>(step: string, run: () => Promise<T>): Promise<T>;
  /** Notes that a beacon received at `receivedAt` (epoch ms) has had its effect. */
  effect(name: 'window' | 'counter', receivedAt: number): void;
}

/** What a beat may use besides: the partitions held now. */
export interface BeatContext extends Omit<Context, 'lost' | 'stores' | 'catchingUpSince'> {
  assigned(): readonly TopicPartition[];
}

/** Work that goes on between batches. */
export interface Beat {
  readonly everyMs: number;
  run(context: BeatContext): Promise<void>;
}

/**
 * Deciders count on the effects of such a worker. When a store forgets, a token life is applied again before the group
 * says that it has caught up.
 */
export interface Fence {
  /** All of a partition is applied again; what is still missing beside it is put right here. Runs again after a failure. */
  restored(at: TopicPartition, context: Context): Promise<void>;
}

export interface Worker {
  /** Also the consumer group. */
  readonly name: string;
  readonly reads: readonly string[];
  /** Topics whose watermarks others rely on: their quiet partitions get ticks. */
  readonly ticks: readonly string[];
  readonly maxBatch: number;
  readonly fence: Fence | null;
  handle(batch: Batch, context: Context): Promise<readonly Outcome[]>;
  readonly beats: readonly Beat[];
}
