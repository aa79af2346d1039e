/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface OutRecord {
  /** Chosen by the caller: `partitionOf(key, await log.partitions(topic))`, or the one in a token. */
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
}

/** Where a record went. */
export interface Appended {
  readonly offset: number;
  /** Epoch ms, the log's clock. */
  readonly appendedAt: number;
}

export interface LogRecord extends TopicPartition, Appended {
  readonly key: string;
  readonly value: Buffer;
}

/** Holding a partition. `lost` aborts once another member may own it. */
export interface Lease extends TopicPartition {
  readonly lost: AbortSignal;
}

/** What a member does with its partitions. */
export interface Consumer {
  /** The offset to go on from; called at each assignment and after each rejected `apply`. Below the oldest kept record means the oldest. */
  resume(lease: Lease): Promise<number>;
  /**
   * Takes records of one partition, in order, without gaps, at most `maxBatch` of them. One call at a time for a
   * partition; partitions may run side by side. If it rejects, the log pauses (100 ms, doubling to 5 s) and begins
   * again from `resume`. Its resolution promises nothing to the log: positions live with the effects.
   */
  apply(records: readonly LogRecord[], lease: Lease): Promise<void>;
}

export interface SubscribeOptions {
  /** Records handed to one `apply` at most. Default 500. */
  readonly maxBatch?: number;
}

export interface Subscription {
  /** The partitions held now. */
  assigned(): readonly TopicPartition[];
  /** Lets the running `apply` calls end, gives the partitions up, resolves. */
  stop(): Promise<void>;
}

/**
 * Topics of partitions; in a partition offsets grow by one and append times never fall.
 *
 * Delivery: a record once appended is delivered at least once to every group. A group's partitions are shared by its
 * living members; a member that dies is replaced after its lease (embedded: 2 s). Two members can hold one partition
 * for a moment (the old one has not noticed): effects must be keyed by position.
 */
export interface EventLog {
  /** Creates what is missing. More partitions than there are: adds them. Fewer, or other settings: EngineError `misconfigured`. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** How many partitions the topic has. Unknown topic: EngineError `misconfigured`. */
  partitions(topic: string): Promise<number>;
  /**
   * Appends in the given order, atomically per call on the embedded log, per partition on Kafka. Resolves once the records
   * survive the death of this process (embedded) or are on all in-sync replicas (Kafka); the answers are in the order of
   * the records. Rejects with EngineError `timeout` or `unavailable`: then they may be there or not. A call that brings
   * one partition more than `APPEND_BYTES_MAX`: EngineError `refused` (Kafka), and nothing was appended.
   */
  append(topic: string, records: readonly OutRecord[]): Promise<readonly Appended[]>;
  /** The next offset of each partition, by partition number. */
  ends(topic: string): Promise<readonly number[]>;
  /** Joins the group for these topics. */
  subscribe(
    group: string,
    topics: readonly string[],
    consumer: Consumer,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
  /** Stops every subscription, then closes. Idempotent. */
  close(): Promise<void>;
}
