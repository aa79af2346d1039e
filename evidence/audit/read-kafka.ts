import { randomUUID } from 'node:crypto';
import kafkajs, { type KafkaConfig, type SASLOptions } from 'kafkajs';
import type { RawLog, RawRecord } from './read-log.ts';

const READ_MS_MAX = 120_000;

/** What EVENT_LOG says, as far as reading needs it: kafka[+ssl]://[user:password@]host:port,…[?sasl=…&prefix=…]. */
function parseUrl(url: string): { config: KafkaConfig; prefix: string } {
  const match = /^kafka(\+ssl)?:\/\/(?:([^:@/?]*):([^@/?]*)@)?([^@/?]+)\/?(?:\?(.*))?$/.exec(url);
  if (!match) throw new TypeError('--log: expected kafka://host:9092');
  const [, tls, user, password, hosts = '', query = ''] = match;
  const parameters = new URLSearchParams(query);
  const mechanism = parameters.get('sasl') ?? 'scram-sha-512';
  const known = { username: decodeURIComponent(user ?? ''), password: decodeURIComponent(password ?? '') };
  const sasl = user === undefined ? {} : { sasl: { mechanism, ...known } as SASLOptions };
  const brokers = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`));
  const config = { clientId: 'breakwater-audit', brokers, ssl: tls !== undefined, ...sasl };
  return { config: { ...config, logLevel: kafkajs.logLevel.NOTHING }, prefix: parameters.get('prefix') ?? '' };
}

/** Reads every topic behind the URL's prefix (without one: all but Kafka's own) from its oldest record to its end of now. */
export async function readKafka(url: string): Promise<RawLog> {
  const { config, prefix } = parseUrl(url);
  const kafka = new kafkajs.Kafka(config);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix) && !name.startsWith('__'));
    const ends: { topic: string; partition: number; next: number }[] = [];
    for (const topic of topics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        ends.push({ topic: topic.slice(prefix.length), partition, next: Number(high) });
      }
    }
    const group = `${prefix}audit-${randomUUID()}`;
    const records = await consume(kafka, group, prefix, ends);
    await admin.deleteGroups([group]);
    return { ends, records };
  } finally {
    await admin.disconnect();
  }
}

async function consume(
  kafka: kafkajs.Kafka,
  groupId: string,
  prefix: string,
  ends: RawLog['ends'],
): Promise<RawRecord[]> {
  const left = new Map(
    ends.flatMap(({ topic, partition, next }) => (next > 0 ? [[`${topic}/${partition}`, next]] : [])),
  );
  const wanted = new Map(left);
  const records = new Map<string, RawRecord>();
  const done = Promise.withResolvers<void>();
  if (left.size === 0) return [];
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
  const late = () => done.reject(new Error(`the log was not read within ${READ_MS_MAX / 1000} s: ${[...left.keys()]}`));
  const timer = setTimeout(late, READ_MS_MAX);
  consumer.on('consumer.crash', ({ payload }) => done.reject(payload.error));
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...new Set(ends.map(({ topic }) => prefix + topic))], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const topic = batch.topic.slice(prefix.length);
        const at = `${topic}/${batch.partition}`;
        for (const message of batch.messages) {
          const offset = Number(message.offset);
          if (offset >= (ends.find((end) => end.topic === topic && end.partition === batch.partition)?.next ?? 0))
            break;
          const value = message.value ?? Buffer.alloc(0);
          const appendedAt = Number(message.timestamp);
          const key = message.key?.toString('utf8') ?? '';
          records.set(`${at}/${offset}`, { topic, partition: batch.partition, offset, appendedAt, key, value });
        }
        if (Number(batch.lastOffset()) + 1 >= (wanted.get(at) ?? 0)) left.delete(at);
        if (left.size === 0) done.resolve();
      },
    });
    await done.promise;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
  return [...records.values()].sort(
    (a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset,
  );
}
