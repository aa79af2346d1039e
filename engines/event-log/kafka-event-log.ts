import kafkajs, { type Admin, type KafkaConfig, type Producer } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { askedTogether } from './asked-together.ts';
import type { EventLog, Subscription } from './event-log.ts';
import { KafkaAppender } from './kafka-appender.ts';
import { asEngineError, within } from './kafka-errors.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import { KafkaTopics } from './kafka-topics.ts';
import { parseKafkaUrl } from './kafka-url.ts';
import { silenceKafkaTimers } from './kafka-warnings.ts';

export interface KafkaEventLogOptions {
  /** Form: kafka-url.ts. */
  readonly url: string;
  readonly clock: Clock;
  /** Copies of each partition of topics that are made. Default: the URL's, else the cluster's. */
  readonly replication?: number;
  /** A member that is silent this long loses its partitions. Default: the URL's `session_ms`, else 30 s. */
  readonly sessionMs?: number;
  /** How long an append or a question may take. Default 10 s. */
  readonly timeoutMs?: number;
  /** How soon members see that partitions were added. Default 30 s. */
  readonly metadataMs?: number;
  /** Hears of failures in the background. Default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

const SESSION_MS = 30_000;
const TIMEOUT_MS = 10_000;
const METADATA_MS = 30_000;
const MAX_BATCH = 500;
const CONNECT_MS_MAX = 5_000;

/**
 * The event log on Apache Kafka. `append` resolves when all in-sync replicas have the records; calls that are made at
 * once travel together, one request in flight per topic. The producer is not idempotent: kafkajs would use a sequence
 * number twice after a time-out and lose what was acknowledged. Append times are the brokers' (LogAppendTime).
 */
export function openKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  silenceKafkaTimers();
  return new KafkaEventLog(options);
}

class KafkaEventLog implements EventLog {
  readonly #options: Required<Omit<KafkaEventLogOptions, 'url' | 'replication'>>;
  readonly #connection: KafkaConfig;
  readonly #prefix: string;
  readonly #topics: KafkaTopics;
  readonly #appenders = new Map<string, KafkaAppender>();
  readonly #subscriptions = new Set<Subscription>();
  #admin: Promise<Admin> | null = null;
  #producer: Promise<Producer> | null = null;
  #closing: Promise<void> | null = null;

  constructor({ url, replication, ...options }: KafkaEventLogOptions) {
    const told = parseKafkaUrl(url);
    const address = { ...told, replication: replication ?? told.replication };
    this.#options = {
      sessionMs: address.sessionMs ?? SESSION_MS,
      timeoutMs: TIMEOUT_MS,
      metadataMs: METADATA_MS,
      onError: (error) => process.emitWarning(error as Error),
      ...options,
    };
    const { timeoutMs, clock } = this.#options;
    this.#prefix = address.prefix;
    this.#connection = {
      ...address.connection,
      clientId: 'breakwater',
      connectionTimeout: Math.min(CONNECT_MS_MAX, timeoutMs),
      requestTimeout: timeoutMs,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2, retries: 3 },
      logLevel: kafkajs.logLevel.NOTHING,
    };
    this.#topics = new KafkaTopics({
      admin: () => this.#connectedAdmin(),
      address,
      clock,
      timeoutMs,
      onError: this.#options.onError,
      onGrowth: () => this.#renewProducer(),
      onStale: (admin) => this.#dropAdmin(admin),
    });
  }

  async ensureTopics(specs: Parameters<EventLog['ensureTopics']>[0]): Promise<void> {
    this.#refuseWhenClosing();
    await this.#topics.ensure(specs);
  }

  async partitions(topic: string): Promise<number> {
    this.#refuseWhenClosing();
    return this.#topics.count(topic);
  }

  async append(topic: string, records: Parameters<EventLog['append']>[1]): ReturnType<EventLog['append']> {
    this.#refuseWhenClosing();
    const highest = Math.max(...records.map(({ partition }) => partition));
    // A partition may have been added since the count was asked.
    if ((await this.#topics.count(topic)) <= highest && (await this.#topics.refresh(topic)) <= highest) {
      throw new EngineError('refused', `${topic} has no partition ${highest}`);
    }
    if (records.length === 0) return [];
    return this.#appender(topic).append(records);
  }

  async ends(topic: string): Promise<readonly number[]> {
    this.#refuseWhenClosing();
    await this.#topics.count(topic);
    const offsets = await this.#offsets(topic);
    return offsets.map(({ high }) => Number(high));
  }

  async subscribe(
    ...[group, topics, consumer, options = {}]: Parameters<EventLog['subscribe']>
  ): Promise<Subscription> {
    this.#refuseWhenClosing();
    for (const topic of topics) await this.#topics.refresh(topic);
    this.#refuseWhenClosing();
    const subscription = new KafkaSubscription({
      ...this.#options,
      connection: this.#connection,
      prefix: this.#prefix,
      group,
      topics,
      consumer,
      maxBatch: options.maxBatch ?? MAX_BATCH,
      oldest: async ({ topic, partition }) => Number((await this.#offsets(topic))[partition]?.low ?? 0),
    }).start();
    this.#subscriptions.add(subscription);
    return subscription;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, timeoutMs, onError } = this.#options;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()));
    const ends = async () => {
      await Promise.all([...this.#appenders.values()].map((appender) => appender.settled()));
      await (await this.#producer)?.disconnect();
      await (await this.#admin)?.disconnect();
    };
    await within(clock, timeoutMs * 2, 'closing the event log', ends()).catch(onError);
  }

  /** A member asks for each of its partitions when it takes them, all at once. */
  readonly #offsets = askedTogether(async (topic: string) => {
    const offsets = await this.#topics.ask('asking for offsets', (admin) =>
      admin.fetchTopicOffsets(this.#topics.full(topic)),
    );
    return offsets.toSorted((a, b) => a.partition - b.partition);
  });

  #appender(topic: string): KafkaAppender {
    const known = this.#appenders.get(topic);
    if (known) return known;
    const { clock, timeoutMs } = this.#options;
    const full = this.#topics.full(topic);
    const made = new KafkaAppender({
      topic: full,
      clock,
      timeoutMs,
      producer: () => this.#connectedProducer(),
      onStale: () => this.#renewProducer(),
    });
    this.#appenders.set(topic, made);
    return made;
  }

  #connectedAdmin(): Promise<Admin> {
    this.#admin ??= connected(new kafkajs.Kafka(this.#connection).admin()).catch((error: unknown) => {
      this.#admin = null;
      throw asEngineError(error, 'connecting to Kafka');
    });
    return this.#admin;
  }

  #connectedProducer(): Promise<Producer> {
    const producer = () =>
      new kafkajs.Kafka(this.#connection).producer({
        idempotent: false,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        metadataMaxAge: this.#options.metadataMs,
        createPartitioner:
          () =>
          ({ message }) =>
            message.partition ?? 0,
        retry: { retries: 1 },
      });
    this.#producer ??= connected(producer()).catch((error: unknown) => {
      this.#producer = null;
      throw asEngineError(error, 'connecting to Kafka');
    });
    return this.#producer;
  }

  /** Those who ask at once stumble at once: the next one is not dropped for what they say of the last. */
  #dropAdmin(stale: Admin): void {
    const { onError } = this.#options;
    const drop = async () => {
      if ((await this.#admin) !== stale) return;
      this.#admin = null;
      await stale.disconnect();
    };
    drop().catch(onError);
  }

  /** kafkajs drops records for a partition that it does not know yet without a word: a new one asks the cluster anew. */
  #renewProducer(): void {
    const { clock, timeoutMs, onError } = this.#options;
    const former = this.#producer;
    this.#producer = null;
    // What the former one has in flight is answered or given up by then.
    const retire = async () => {
      await clock.sleep(timeoutMs * 2);
      await (await former)?.disconnect();
    };
    if (former) retire().catch(onError);
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw new EngineError('closed', 'the event log');
  }
}

async function connected<T extends { connect(): Promise<void> }>(client: T): Promise<T> {
  await client.connect();
  return client;
}
