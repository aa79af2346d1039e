import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import type { TopicSpec } from './event-log.ts';
import { kafkaErrorType, within } from './kafka-errors.ts';
import type { KafkaAddress } from './kafka-url.ts';
import { kafkaSettings } from './topic-check.ts';

export interface KafkaTopicsOptions {
  /** Connected by its first use. */
  readonly admin: () => Promise<Admin>;
  readonly address: KafkaAddress;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** A topic has more partitions than were known. */
  readonly onGrowth: () => void;
  /** The administrator's picture of the cluster is no good: the next one is to be another. */
  readonly onStale: (admin: Admin) => void;
  /** Hears of a question in the background that failed. */
  readonly onError: (error: unknown) => void;
}

/** How long a partition count is believed before the cluster is asked again. */
const COUNT_MS_MAX = 5_000;

/** Topics by the names that callers use; the prefix is added here. */
export class KafkaTopics {
  readonly #options: KafkaTopicsOptions;
  readonly #counts = new Map<string, { readonly count: number; readonly at: number }>();

  #last: Promise<void> = Promise.resolve();

  constructor(options: KafkaTopicsOptions) {
    this.#options = options;
  }

  full(topic: string): string {
    return this.#options.address.prefix + topic;
  }

  /**
   * How many partitions. A count that is known answers at once, also while the cluster is away; when it is older than
   * 5 s it is asked for again behind the answer.
   */
  async count(topic: string): Promise<number> {
    const known = this.#counts.get(topic);
    if (!known) return this.refresh(topic);
    const now = this.#options.clock.now();
    if (now - known.at >= COUNT_MS_MAX) {
      this.#counts.set(topic, { count: known.count, at: now });
      this.refresh(topic).catch(this.#options.onError);
    }
    return known.count;
  }

  /** How many partitions, asked now. */
  async refresh(topic: string): Promise<number> {
    const [found] = await this.#find([topic]);
    if (!found) throw new EngineError('misconfigured', `there is no topic ${this.full(topic)}`);
    return this.#know(topic, found.partitions.length);
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    const found = await this.#find(specs.map(({ name }) => name));
    const counts = new Map(found.map(({ name, partitions }) => [name, partitions.length]));
    const there = specs.filter(({ name }) => counts.has(this.full(name)));
    await this.#check(there, counts);
    const missing = specs.filter((spec) => !there.includes(spec));
    await this.#create(missing);
    const growing = there.filter(({ name, partitions }) => (counts.get(this.full(name)) ?? 0) < partitions);
    if (growing.length > 0) {
      const topicPartitions = growing.map(({ name, partitions }) => ({ topic: this.full(name), count: partitions }));
      await this.ask('adding partitions', (admin) => admin.createPartitions({ topicPartitions, timeout: 5_000 }));
    }
    for (const { name, partitions } of specs) await this.#visible(name, partitions);
  }

  /**
   * An administrator's question with a time limit; its error as ours. One after the other: kafkajs has one picture of the
   * cluster, which a question about one topic replaces while another question still looks at it. It also stumbles over
   * partitions that had no leader when it last looked, as while a broker comes up, and does not look again for five
   * minutes: then another administrator asks.
   */
  async ask<T>(doing: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    const { admin, clock, timeoutMs, onStale } = this.#options;
    const asked = async () => {
      const one = await admin();
      try {
        return await question(one);
      } catch (error) {
        if (isStumble(error)) onStale(one);
        throw error;
      }
    };
    const answer = this.#last.then(asked);
    this.#last = answer.then(
      () => undefined,
      () => undefined,
    );
    return within(clock, timeoutMs, doing, answer);
  }

  /** Those that exist. */
  async #find(topics: readonly string[]): Promise<ITopicMetadata[]> {
    const wanted = topics.map((topic) => this.full(topic));
    const all = await this.ask('listing topics', (admin) => admin.listTopics());
    const there = wanted.filter((topic) => all.includes(topic));
    if (there.length === 0) return [];
    const { topics: found } = await this.ask('describing topics', (admin) =>
      admin.fetchTopicMetadata({ topics: there }),
    );
    return found;
  }

  /** EngineError `misconfigured` where a topic is not as it is to be; nothing has been changed by then. */
  async #check(specs: readonly TopicSpec[], counts: ReadonlyMap<string, number>): Promise<void> {
    if (specs.length === 0) return;
    const wrong: string[] = [];
    for (const { name, partitions } of specs) {
      const count = counts.get(this.full(name)) ?? 0;
      if (count > partitions) wrong.push(`${this.full(name)} has ${count} partitions, not ${partitions}`);
    }
    const { resources } = await this.ask('reading the settings of topics', (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: specs.map(({ name }) => ({
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: this.full(name),
          configNames: Object.keys(kafkaSettings(0)),
        })),
      }),
    );
    for (const spec of specs) {
      const found = resources.find(({ resourceName }) => resourceName === this.full(spec.name))?.configEntries ?? [];
      for (const [key, value] of Object.entries(kafkaSettings(spec.retentionMs))) {
        const is = found.find(({ configName }) => configName === key)?.configValue;
        if (is !== value) wrong.push(`${this.full(spec.name)} has ${key}=${is}, not ${value}`);
      }
    }
    if (wrong.length > 0) throw new EngineError('misconfigured', wrong.join('; '));
  }

  async #create(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    const { replication, minInSync } = this.#options.address;
    const topics = specs.map(({ name, partitions, retentionMs }) => ({
      topic: this.full(name),
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries({
        ...kafkaSettings(retentionMs),
        ...(minInSync === null ? {} : { 'min.insync.replicas': String(minInSync) }),
      }).map(([key, value]) => ({ name: key, value })),
    }));
    try {
      await this.ask('creating topics', (admin) => admin.createTopics({ topics, waitForLeaders: true }));
    } catch (error) {
      // Another process was quicker: its settings are judged like any other's.
      if (!alreadyThere(error)) throw error;
      await this.ensure(specs);
    }
  }

  /**
   * A broker may not know at once what the controller has made, and may know a partition before it can write to it: then
   * a first append would fail for some partitions, be sent again and be there twice in the others.
   */
  async #visible(topic: string, partitions: number): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    for (let waited = 0; waited < timeoutMs; waited += 50) {
      const [found] = await this.#find([topic]);
      const led = found?.partitions.every(({ leader }) => leader >= 0) ?? false;
      if (found && led && found.partitions.length >= partitions && (await this.#answers(topic))) {
        this.#know(topic, found.partitions.length);
        return;
      }
      await clock.sleep(50);
    }
    throw new EngineError('timeout', `${this.full(topic)} did not get ${partitions} partitions`);
  }

  /** Leaders that can write can tell where they end; one that cannot yet says that it is none. */
  async #answers(topic: string): Promise<boolean> {
    try {
      await this.ask('asking for offsets', (admin) => admin.fetchTopicOffsets(this.full(topic)));
      return true;
    } catch (error) {
      if (error instanceof EngineError && error.retryable) return false;
      throw error;
    }
  }

  #know(topic: string, count: number): number {
    const before = this.#counts.get(topic)?.count;
    this.#counts.set(topic, { count, at: this.#options.clock.now() });
    if (before !== undefined && count > before) this.#options.onGrowth();
    return count;
  }
}

/** An error that is none of kafkajs's own: it did not expect what it knew. */
function isStumble(error: unknown): boolean {
  return error instanceof TypeError || kafkaErrorType(error) === 'LEADER_NOT_AVAILABLE';
}

function alreadyThere(error: unknown): boolean {
  if (kafkaErrorType(error) === 'TOPIC_ALREADY_EXISTS') return true;
  const { cause } = error as { cause?: { errors?: readonly unknown[] } };
  return cause?.errors?.some((one) => kafkaErrorType(one) === 'TOPIC_ALREADY_EXISTS') ?? false;
}
