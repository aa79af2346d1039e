import kafkajs, { type EachBatchPayload, type KafkaConfig, type Consumer as KafkaConsumer } from 'kafkajs';
import type { LogRecord, TopicPartition } from './event-log.ts';
import { stickyAssigner } from './kafka-assigner.ts';
import { kafkaErrorType } from './kafka-errors.ts';

/** What a member of a group tells and asks; topics by the broker's names. */
export interface MemberEvents {
  /** Whether it may join (anew): asked before each attempt, and again soon while the answer is no. */
  mayJoin(): boolean;
  held(): readonly TopicPartition[];
  /** It holds these now. `continued`: nobody else can have held a partition that it held before and holds again. */
  joined(assignment: readonly TopicPartition[], continued: boolean): void;
  /** The group's coordinator has answered a request that was sent at this time (epoch ms). */
  alive(sentAt: number): void;
  records(place: TopicPartition, records: readonly LogRecord[]): void;
  /** It is no member any more and will not be one again. At most once. */
  ended(error: unknown): void;
}

export interface MemberOptions {
  readonly connection: KafkaConfig;
  readonly group: string;
  readonly topics: readonly string[];
  readonly joinedAt: number;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  readonly heartbeatMs: number;
  readonly metadataMs: number;
  readonly events: MemberEvents;
}

/** A fetch is answered after this long also when there is nothing: no seek or heartbeat waits longer. */
const FETCH_WAIT_MS = 100;
const REJOIN_RETRY_MS = 50;
/** A batch that a journal ships is no larger, so that no partition waits to be the first of an answer. */
const BYTES_PER_PARTITION = 512 * 1024;

/**
 * One life of a kafkajs consumer, used for the group protocol and for fetching only. Its three weak places are kept shut
 * from outside: a rejoin is put off by the assigner (the one thing it asks before joining) until running work has ended;
 * `eachBatch` hands records over and returns, so that no work stands between a fetch and a heartbeat; and what it hands
 * over is believed by offset alone.
 */
export class KafkaMember {
  readonly #options: MemberOptions;
  readonly #consumer: KafkaConsumer;
  #payload: EachBatchPayload | undefined;
  #memberId: string | undefined;
  /** Requests to join since the last success. */
  #joins = 0;
  #sentAt = 0;
  #stopping = false;
  #over = false;
  #run: Promise<void> = Promise.resolve();

  constructor(options: MemberOptions) {
    this.#options = options;
    const { connection, group, sessionMs, rebalanceMs, heartbeatMs, metadataMs, joinedAt, events } = options;
    // A client of its own: consumers of one client and group share, and spoil, a map of offsets.
    this.#consumer = new kafkajs.Kafka(connection).consumer({
      groupId: group,
      partitionAssigners: [
        stickyAssigner({ joinedAt, held: () => events.held(), beforeJoining: () => this.#beforeJoining() }),
      ],
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      heartbeatInterval: heartbeatMs,
      metadataMaxAge: metadataMs,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: BYTES_PER_PARTITION,
      allowAutoTopicCreation: false,
      readUncommitted: true,
      retry: {
        initialRetryTime: REJOIN_RETRY_MS,
        maxRetryTime: REJOIN_RETRY_MS * 4,
        factor: 0.2,
        multiplier: 2,
        retries: Number.MAX_SAFE_INTEGER,
        // A consumer that has crashed is replaced, not started again.
        restartOnFailure: async () => false,
      },
    });
  }

  /** Begins to join; failures come by `ended`. */
  start(): void {
    const { topics, events } = this.#options;
    const { GROUP_JOIN, HEARTBEAT, REQUEST, CRASH, STOP } = this.#consumer.events;
    this.#consumer.on(REQUEST, ({ payload: { apiName, sentAt } }) => {
      if (apiName === 'Heartbeat' || apiName === 'SyncGroup') this.#sentAt = sentAt;
    });
    this.#consumer.on(HEARTBEAT, () => events.alive(this.#sentAt));
    this.#consumer.on(GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      const continued = memberId === this.#memberId && this.#joins === 1;
      this.#memberId = memberId;
      this.#joins = 0;
      events.alive(this.#sentAt);
      events.joined(placesOf(memberAssignment), continued);
    });
    this.#consumer.on(CRASH, ({ payload: { error } }) => this.#end(error));
    this.#consumer.on(STOP, () => this.#end(null));
    this.#run = (async () => {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.#take(payload),
      });
    })().catch((error: unknown) => this.#end(error));
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    if (!this.#over) this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  pause({ topic, partition }: TopicPartition): void {
    if (!this.#over) this.#consumer.pause([{ topic, partitions: [partition] }]);
  }

  unpause({ topic, partition }: TopicPartition): void {
    if (!this.#over) this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  /** Keeps the membership while a rejoin is put off, when kafkajs itself sends nothing. */
  async heartbeat(): Promise<void> {
    try {
      await this.#payload?.heartbeat();
    } catch (error) {
      // This is how the coordinator answers a living member that is expected to join anew.
      if (kafkaErrorType(error) === 'REBALANCE_IN_PROGRESS') this.#options.events.alive(this.#sentAt);
    }
  }

  /** Tells the group's positions to those who measure lag. Nobody resumes from them, so a failure changes nothing. */
  async commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    if (this.#over || this.#stopping || offsets.length === 0) return;
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((one) => one.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    await this.#payload?.commitOffsetsIfNecessary({ topics });
  }

  /** Leaves the group. A join that is under way is waited for, so that no dead member is left behind for the others to wait for. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#run;
    this.#over = true;
    await this.#consumer.disconnect();
  }

  #beforeJoining(): void {
    if (this.#stopping) throw Object.assign(new Error('leaving the group'), { retriable: false });
    if (!this.#options.events.mayJoin()) {
      // kafkajs takes this for an answer of the broker and tries again soon.
      throw Object.assign(new Error('an apply still runs'), { type: 'REBALANCE_IN_PROGRESS' });
    }
    this.#joins++;
  }

  #take(payload: EachBatchPayload): void {
    this.#payload = payload;
    const { topic, partition, messages } = payload.batch;
    const records = messages.map(({ key, value, offset, timestamp }) => ({
      topic,
      partition,
      offset: Number(offset),
      appendedAt: Number(timestamp),
      key: key?.toString() ?? '',
      value: value ?? Buffer.alloc(0),
    }));
    const last = messages.at(-1);
    if (last) payload.resolveOffset(last.offset);
    this.#options.events.records({ topic, partition }, records);
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.events.ended(error);
  }
}

function placesOf(assignment: Readonly<Record<string, number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
