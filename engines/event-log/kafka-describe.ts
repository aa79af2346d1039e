import kafkajs, { type Admin } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { asEngineError, within } from './kafka-errors.ts';
import { parseKafkaUrl } from './kafka-url.ts';
import { silenceKafkaTimers } from './kafka-warnings.ts';
import { type FoundTopic, kafkaSettings } from './topic-check.ts';

export interface KafkaDescribeOptions {
  /** Form: kafka-url.ts. */
  readonly url: string;
  readonly clock: Clock;
  /** By the names that callers use; those that are not there are left out. */
  readonly names: readonly string[];
}

const TIMEOUT_MS = 10_000;

/** Topics as the cluster has them; changes nothing. Rejects with EngineError. */
export async function describeKafkaTopics({ url, clock, names }: KafkaDescribeOptions): Promise<FoundTopic[]> {
  silenceKafkaTimers();
  const { connection, prefix } = parseKafkaUrl(url);
  const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };
  const kafka = new kafkajs.Kafka({ ...connection, clientId: 'breakwater', retry, logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  try {
    await within(clock, TIMEOUT_MS, 'connecting to Kafka', admin.connect());
    return await within(clock, TIMEOUT_MS, 'describing topics', describe(admin, prefix, names));
  } catch (error) {
    throw asEngineError(error, 'describing topics');
  } finally {
    await admin.disconnect();
  }
}

async function describe(admin: Admin, prefix: string, names: readonly string[]): Promise<FoundTopic[]> {
  const all = await admin.listTopics();
  const there = names.filter((name) => all.includes(prefix + name));
  if (there.length === 0) return [];
  const { topics } = await admin.fetchTopicMetadata({ topics: there.map((name) => prefix + name) });
  const configNames = Object.keys(kafkaSettings(0));
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: there.map((name) => ({ type, name: prefix + name, configNames })),
  });
  return there.map((name) => {
    const partitions = topics.find((topic) => topic.name === prefix + name)?.partitions ?? [];
    const entries = resources.find(({ resourceName }) => resourceName === prefix + name)?.configEntries ?? [];
    const settings = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
    return {
      name,
      fullName: prefix + name,
      partitions: partitions.length,
      retentionMs: Number(settings['retention.ms']),
      kafka: {
        replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        behind: partitions.filter(({ replicas, isr }) => isr.length < replicas.length).length,
        settings,
      },
    };
  });
}
