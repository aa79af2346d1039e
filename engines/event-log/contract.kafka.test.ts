import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { eventLogContract } from './contract.ts';
import { makeTopic, RETENTION_MS, records, rejectsWith } from './contract-fixture.ts';
import { type Child, processContract } from './contract-processes.ts';
import type { EventLog, LogRecord } from './event-log.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { startTestKafka, type TestKafka } from './test-kafka.ts';

const START_MS_MAX = 600_000;
const clock = systemClock();
let kafka: TestKafka;
let url: string;
let log: EventLog;
let children: Child[];
const failures: unknown[] = [];

beforeAll(async () => {
  kafka = await startTestKafka();
}, START_MS_MAX);

afterAll(() => kafka.remove());

beforeEach(() => {
  url = kafka.freshUrl();
  log = openKafkaEventLog({ url, clock, metadataMs: 500, onError: (error) => failures.push(error) });
  children = [];
});

afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await Promise.all(children.map((child) => child.gone));
  await log.close();
});

/** The broker's own name of a topic or group. */
const full = (name: string) => new URL(url).searchParams.get('prefix') + name;

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: [new URL(url).host], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** As retention would, now: removes what is below the offset; -1: all. */
async function forget(topic: string, offset: string): Promise<void> {
  await withAdmin(async (admin) => {
    // The administrator of kafkajs must have heard of the topic before.
    await admin.fetchTopicOffsets(full(topic));
    await admin.deleteTopicRecords({ topic: full(topic), partitions: [{ partition: 0, offset }] });
  });
}

async function until(what: string, met: () => boolean): Promise<void> {
  const since = clock.now();
  while (!met()) {
    if (clock.now() - since > 15_000) throw new Error(`${what}: not within 15 s`);
    await clock.sleep(10);
  }
}

async function seenFrom(position: number, topic: string, count: number): Promise<number[]> {
  const seen: LogRecord[] = [];
  const apply = async (batch: readonly LogRecord[]) => void seen.push(...batch);
  await log.subscribe('group', [topic], { resume: async () => position, apply });
  await until(`${count} records`, () => seen.length >= count);
  return seen.map(({ offset }) => offset);
}

describe('the event log contract on Kafka', () => {
  const { sleep } = clock;
  it.each(eventLogContract)('$name', ({ check }) => check({ log, patienceMs: 15_000, sleep }));
});

describe('several processes on Kafka', () => {
  it.each(processContract)(
    '$name',
    ({ check }) => check({ log, place: url, leaseMs: 6_000, graceMs: 5_000, clock, children }),
    90_000,
  );
});

describe('on Kafka', () => {
  it('a position below the oldest kept record means the oldest', async () => {
    const topic = await makeTopic(log, 'trimmed', 1);
    await log.append(topic, records(0, ...'abcdefghij'));
    await forget(topic, '7');
    expect(await seenFrom(2, topic, 3)).toEqual([7, 8, 9]);
  });

  it('a partition whose records are all gone delivers the next one', async () => {
    const topic = await makeTopic(log, 'emptied', 1);
    await log.append(topic, records(0, 'a', 'b'));
    await forget(topic, '-1');
    await log.append(topic, records(0, 'c'));
    expect(await seenFrom(0, topic, 1)).toEqual([2]);
  });

  it('what the group has committed decides nothing: a member begins where it says', async () => {
    const topic = await makeTopic(log, 'committed', 1);
    await log.append(topic, records(0, 'a', 'b', 'c'));
    await withAdmin((admin) =>
      admin.setOffsets({ groupId: full('group'), topic: full(topic), partitions: [{ partition: 0, offset: '3' }] }),
    );
    expect(await seenFrom(1, topic, 2)).toEqual([1, 2]);
  });

  it('questions about several topics at once do not disturb each other', async () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    for (const name of names) {
      const topic = await makeTopic(log, name, 4);
      await log.append(topic, records(3, 'a', 'b'));
    }
    for (let again = 0; again < 6; again++) {
      const fresh = openKafkaEventLog({ url, clock });
      await fresh.ends('one');
      const counts = names.slice(1).map((name) => fresh.partitions(name));
      const ends = Array.from({ length: 12 }, () => fresh.ends('one'));
      expect(await Promise.all(ends)).toEqual(ends.map(() => [0, 0, 0, 2]));
      expect(await Promise.all(counts)).toEqual(counts.map(() => 4));
      await fresh.close();
    }
  });

  it('a record that the broker refuses takes no other with it', async () => {
    const topic = await makeTopic(log, 'narrow', 1);
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }];
    await withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: 2,
            name: full(topic),
            configEntries: [...configEntries, { name: 'message.timestamp.type', value: 'LogAppendTime' }],
          },
        ],
      }),
    );
    const large = { partition: 0, key: 'k', value: Buffer.alloc(30_000) };
    const [before, refused, after] = await Promise.allSettled([
      log.append(topic, records(0, 'a')),
      log.append(topic, [large]),
      log.append(topic, records(0, 'b')),
    ]);
    expect([before?.status, refused?.status, after?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(refused).toMatchObject({ reason: { code: 'refused' } });
    await rejectsWith('refused', log.append(topic, [{ ...large, value: Buffer.alloc(1_000_000) }]));
  });

  it('a topic with other settings is misconfigured, and says which', async () => {
    await withAdmin((admin) =>
      admin.createTopics({
        topics: [
          {
            topic: full('odd'),
            numPartitions: 2,
            configEntries: [{ name: 'retention.ms', value: String(RETENTION_MS) }],
          },
        ],
      }),
    );
    const made = log.ensureTopics([{ name: 'odd', partitions: 2, retentionMs: RETENTION_MS }]);
    await expect(made).rejects.toThrow('message.timestamp.type=CreateTime, not LogAppendTime');
    await rejectsWith('misconfigured', log.append('odd', records(0, 'a')));
  });

  it('an address where nobody listens is unavailable soon', async () => {
    const away = openKafkaEventLog({ url: 'kafka://127.0.0.1:1', clock, timeoutMs: 3_000 });
    await rejectsWith('unavailable', away.partitions('any'));
    await away.close();
  });
});
