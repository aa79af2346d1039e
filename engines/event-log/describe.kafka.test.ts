import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { describeKafkaTopics } from './kafka-describe.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { parseKafkaUrl } from './kafka-url.ts';
import { startTestKafka, type TestKafka } from './test-kafka.ts';
import { compareTopics } from './topic-check.ts';

const clock = systemClock();
const spec = { name: 'ad-beacons', partitions: 3, retentionMs: 7 * 86_400_000 };
let kafka: TestKafka;

beforeAll(async () => {
  kafka = await startTestKafka();
}, 120_000);
afterAll(() => kafka?.remove());

test('topics made with one copy are as configured; what an administrator changes is told', async () => {
  const url = kafka.freshUrl();
  const describe = () => describeKafkaTopics({ url, clock, names: ['ad-beacons', 'ad-requests'] });
  expect(await describe()).toEqual([]);
  const log = openKafkaEventLog({ url, clock, replication: 1 });
  await log.ensureTopics([spec]);
  await log.close();
  const [found, ...others] = await describe();
  expect(others).toEqual([]);
  expect(found).toMatchObject({ name: 'ad-beacons', partitions: 3, kafka: { replication: 1, behind: 0 } });
  expect(compareTopics([spec], found ? [found] : [], 1)).toEqual([]);

  const { connection, prefix } = parseKafkaUrl(url);
  const admin = new kafkajs.Kafka({ ...connection, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [
    { name: 'message.timestamp.type', value: 'CreateTime' },
    { name: 'retention.ms', value: '1000' },
  ];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefix}ad-beacons`, configEntries }],
  });
  await admin.disconnect();
  const told = compareTopics([spec], await describe(), 3).map(({ what }) => what);
  expect(told).toEqual([
    'has message.timestamp.type=CreateTime, not LogAppendTime',
    `has retention.ms=1000, not ${spec.retentionMs}`,
    'has 1 copies of a partition, REPLICATION is 3',
  ]);
}, 60_000);
