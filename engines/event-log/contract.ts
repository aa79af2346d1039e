import assert from 'node:assert/strict';
import { type EventLogBehaviour, makeTopic, RETENTION_MS, records, rejectsWith } from './contract-fixture.ts';
import { groupBehaviours } from './contract-groups.ts';

const topicBehaviours: readonly EventLogBehaviour[] = [
  {
    name: 'a topic has the partitions it was made with; asking for the same again changes nothing',
    async check({ log }) {
      await makeTopic(log, 'same', 3);
      await makeTopic(log, 'same', 3);
      assert.equal(await log.partitions('same'), 3);
      assert.deepEqual(await log.ends('same'), [0, 0, 0]);
    },
  },
  {
    name: 'a topic grows, keeps what it holds, and takes records in its new partitions',
    async check({ log }) {
      await makeTopic(log, 'growing', 1);
      await log.append('growing', records(0, 'a'));
      await makeTopic(log, 'growing', 3);
      await log.append('growing', records(2, 'b'));
      assert.deepEqual(await log.ends('growing'), [1, 0, 1]);
    },
  },
  {
    name: 'a topic refuses to shrink, or to keep records for another time, and makes none of what was asked',
    async check({ log }) {
      await makeTopic(log, 'fixed', 4);
      const other = { name: 'beside', partitions: 1, retentionMs: RETENTION_MS };
      await rejectsWith('misconfigured', log.ensureTopics([other, { ...other, name: 'fixed', partitions: 3 }]));
      await rejectsWith('misconfigured', log.ensureTopics([{ name: 'fixed', partitions: 4, retentionMs: 1_000 }]));
      assert.equal(await log.partitions('fixed'), 4);
      await rejectsWith('misconfigured', log.partitions('beside'));
    },
  },
  {
    name: 'an unknown topic is misconfigured for every method',
    async check({ log }) {
      const consumer = { resume: async () => 0, apply: async () => undefined };
      await rejectsWith('misconfigured', log.partitions('nowhere'));
      await rejectsWith('misconfigured', log.ends('nowhere'));
      await rejectsWith('misconfigured', log.append('nowhere', records(0, 'a')));
      await rejectsWith('misconfigured', log.subscribe('group', ['nowhere'], consumer));
    },
  },
];

const appendBehaviours: readonly EventLogBehaviour[] = [
  {
    name: 'offsets begin at 0 and grow by one in each partition, in the order of the records',
    async check({ log }) {
      const topic = await makeTopic(log, 'dense', 2);
      const mixed = [...records(1, 'a'), ...records(0, 'b'), ...records(1, 'c', 'd')];
      const first = await log.append(topic, mixed);
      const second = await log.append(topic, records(1, 'e'));
      assert.deepEqual(
        [...first, ...second].map(({ offset }) => offset),
        [0, 0, 1, 2, 3],
      );
      assert.deepEqual(await log.ends(topic), [1, 4]);
    },
  },
  {
    name: 'append times never fall within a partition, whoever appends at once',
    async check({ log }) {
      const topic = await makeTopic(log, 'times', 1);
      const calls = Array.from({ length: 100 }, (_, call) => log.append(topic, records(0, `${call}`)));
      const appended = (await Promise.all(calls)).flat().toSorted((a, b) => a.offset - b.offset);
      assert.deepEqual(
        appended.map(({ offset }) => offset),
        Array.from({ length: 100 }, (_, offset) => offset),
      );
      const times = appended.map(({ appendedAt }) => appendedAt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: 'no records are appended at once, and a partition that is not there is refused with its neighbours',
    async check({ log }) {
      const topic = await makeTopic(log, 'edges', 2);
      assert.deepEqual(await log.append(topic, []), []);
      await rejectsWith('refused', log.append(topic, [...records(0, 'a'), ...records(2, 'b')]));
      assert.deepEqual(await log.ends(topic), [0, 0]);
    },
  },
  {
    name: 'after close everything answers closed, and close again is fine',
    async check({ log }) {
      const topic = await makeTopic(log, 'closing', 1);
      const consumer = { resume: async () => 0, apply: async () => undefined };
      await log.close();
      await log.close();
      await rejectsWith('closed', log.append(topic, records(0, 'a')));
      await rejectsWith('closed', log.ends(topic));
      await rejectsWith('closed', log.partitions(topic));
      await rejectsWith('closed', log.subscribe('group', [topic], consumer));
      await rejectsWith('closed', log.ensureTopics([]));
    },
  },
];

/** What every event log promises; an adapter's test runs each against a fixture of its own. */
export const eventLogContract: readonly EventLogBehaviour[] = [
  ...topicBehaviours,
  ...appendBehaviours,
  ...groupBehaviours,
];
