import { expect, test } from 'vitest';
import { compareTopics, type FoundTopic, kafkaSettings } from './topic-check.ts';

const DAY_MS = 86_400_000;
const spec = { name: 'ad-beacons', partitions: 4, retentionMs: 35 * DAY_MS };

function found(given: Partial<FoundTopic> = {}, kafka: Partial<NonNullable<FoundTopic['kafka']>> = {}): FoundTopic {
  const settings = kafkaSettings(spec.retentionMs);
  return { ...spec, fullName: 'x.ad-beacons', kafka: { replication: 3, behind: 0, settings, ...kafka }, ...given };
}

const told = (topic: FoundTopic, replication: number | null = 3) =>
  compareTopics([spec], [topic], replication).map(({ what, mend }) => `${what}: ${mend}`);

test('a topic that is as configured differs in nothing, and more copies than asked for will do', () => {
  expect(told(found())).toEqual([]);
  expect(told(found(), 2)).toEqual([]);
  expect(told(found({}, { replication: 1 }), null)).toEqual([]);
});

test('each wrong setting is told with the command that mends it, by the name the broker knows', () => {
  const settings = { ...kafkaSettings(DAY_MS), 'message.timestamp.type': 'CreateTime', 'cleanup.policy': 'compact' };
  const lines = told(found({ retentionMs: DAY_MS }, { settings }));
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^has cleanup.policy=compact, not delete: kafka-configs.sh .*--entity-name x.ad-beacons/);
  expect(lines[1]).toContain('--add-config message.timestamp.type=LogAppendTime');
  expect(lines[2]).toContain(`has retention.ms=${DAY_MS}, not ${35 * DAY_MS}`);
});

test('too few copies and copies that are not in sync are told', () => {
  expect(told(found({}, { replication: 1, behind: 2 }))).toEqual([
    expect.stringContaining('has 1 copies of a partition, REPLICATION is 3'),
    expect.stringContaining('has 2 partitions with a copy that is not in sync'),
  ]);
});

test('requests and beacons that are spread unevenly are told', () => {
  const requests = { ...found(), name: 'ad-requests', partitions: 6 };
  const lines = compareTopics([], [requests, found()], null);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ topic: 'ad-requests', mend: 'breakwater topics grow 6' });
});
