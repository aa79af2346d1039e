import assert from 'node:assert/strict';
import { type EventLogBehaviour, type EventLogFixture, makeTopic, records, until } from './contract-fixture.ts';
import { placeOf, Recorder } from './contract-recorder.ts';
import type { EventLog, Lease } from './event-log.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

const deliveryBehaviours: readonly EventLogBehaviour[] = [
  {
    name: 'records arrive as they were appended, in order, with their places and times',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'delivered', 2);
      const large = { partition: 1, key: 'schlüssel', value: Buffer.alloc(256 * 1024, 7) };
      const sent = [...records(0, 'a', 'b'), large, { partition: 1, key: '', value: Buffer.alloc(0) }];
      const places = await fixture.log.append(topic, sent);
      const recorder = new Recorder();
      await fixture.log.subscribe('group', [topic], recorder);
      await until(fixture, 'all four records', () => recorder.seen.length === 4);
      const order = recorder.seen.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
      assert.deepEqual(
        order,
        sent.map((record, at) => ({ topic, ...record, ...places[at] })),
      );
    },
  },
  {
    name: 'a batch holds at most maxBatch records, and batches follow without gap or overlap',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'batches', 1);
      await fixture.log.append(topic, records(0, ...numbers(25)));
      const recorder = new Recorder();
      let running = 0;
      recorder.before = async () => {
        assert.equal(++running, 1, 'one call at a time for a partition');
        await fixture.sleep(2);
        running--;
      };
      await fixture.log.subscribe('group', [topic], recorder, { maxBatch: 10 });
      await until(fixture, 'all 25 records', () => recorder.seen.length >= 25);
      assert.ok(recorder.batches.every((size) => size <= 10));
      assert.deepEqual(recorder.texts(0), numbers(25));
    },
  },
  {
    name: 'a member goes on from the position it kept, and hears of what comes later',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'resumed', 1);
      await fixture.log.append(topic, records(0, ...numbers(5)));
      const recorder = new Recorder(new Map([[`${topic}/0`, 3]]));
      await fixture.log.subscribe('group', [topic], recorder);
      await until(fixture, 'the rest', () => recorder.seen.length === 2);
      await fixture.log.append(topic, records(0, 'new'));
      await until(fixture, 'the new one', () => recorder.seen.length === 3);
      assert.deepEqual(recorder.texts(0), ['3', '4', 'new']);
    },
  },
  {
    name: 'after a rejected apply delivery begins again from resume, not from what was delivered',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'rejected', 1);
      await fixture.log.append(topic, records(0, ...numbers(4)));
      const recorder = new Recorder();
      let rejections = 2;
      recorder.before = async (batch) => {
        if (batch.some(({ offset }) => offset === 2) && rejections-- > 0) throw new Error('not today');
      };
      await fixture.log.subscribe('group', [topic], recorder, { maxBatch: 2 });
      await until(fixture, 'all four', () => recorder.seen.length === 4);
      assert.deepEqual(recorder.texts(0), numbers(4));
      assert.equal(recorder.resumed.length, 3);
    },
  },
  {
    name: 'a rejected resume is asked again',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'unresumed', 1);
      await fixture.log.append(topic, records(0, 'a'));
      const recorder = new Recorder();
      let refusals = 1;
      const resume = async (lease: Lease) => {
        if (refusals-- > 0) throw new Error('the store is away');
        return recorder.resume(lease);
      };
      await fixture.log.subscribe('group', [topic], { resume, apply: (batch, lease) => recorder.apply(batch, lease) });
      await until(fixture, 'the record', () => recorder.seen.length === 1);
    },
  },
  {
    name: 'a slow or failing partition holds up no other',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'slow', 3);
      await fixture.log.append(topic, [...records(0, 'stuck'), ...records(1, 'failing'), ...records(2, 'quick')]);
      const recorder = new Recorder();
      const gate = Promise.withResolvers<void>();
      recorder.before = async (_, { partition }) => {
        if (partition === 0) await gate.promise;
        if (partition === 1) throw new Error('never');
      };
      await fixture.log.subscribe('group', [topic], recorder);
      await until(fixture, 'the quick one', () => recorder.texts(2).length === 1);
      await fixture.log.append(topic, records(2, 'again'));
      await until(fixture, 'the quick one again', () => recorder.texts(2).length === 2);
      gate.resolve();
      await until(fixture, 'the stuck one', () => recorder.texts(0).length === 1);
    },
  },
  {
    name: 'stop lets the running apply end; after it nothing is delivered and nothing assigned',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'stopped', 1);
      await fixture.log.append(topic, records(0, ...numbers(4)));
      const recorder = new Recorder();
      const gate = Promise.withResolvers<void>();
      const entered = Promise.withResolvers<void>();
      recorder.before = () => {
        entered.resolve();
        return gate.promise;
      };
      const subscription = await fixture.log.subscribe('group', [topic], recorder, { maxBatch: 2 });
      await entered.promise;
      let stopped = false;
      const stopping = subscription.stop().then(() => {
        stopped = true;
      });
      await fixture.sleep(50);
      assert.equal(stopped, false);
      gate.resolve();
      await stopping;
      await fixture.log.append(topic, records(0, 'late'));
      await fixture.sleep(100);
      assert.deepEqual(recorder.texts(0), ['0', '1']);
      assert.deepEqual(subscription.assigned(), []);
    },
  },
];

/** Joins and waits until the member holds `share` partitions. */
async function join(fixture: EventLogFixture, member: { group: string; topics: string[]; recorder: Recorder }) {
  return fixture.log.subscribe(member.group, member.topics, member.recorder);
}

async function fill(log: EventLog, topic: string, text: string): Promise<void> {
  const partitions = await log.partitions(topic);
  await log.append(
    topic,
    numbers(partitions).flatMap((partition) => records(Number(partition), text)),
  );
}

const sharingBehaviours: readonly EventLogBehaviour[] = [
  {
    name: 'a lone member holds every partition of its topics, empty ones too, and is asked where to resume each',
    async check(fixture) {
      const topics = [await makeTopic(fixture.log, 'left', 2), await makeTopic(fixture.log, 'right', 3)];
      const recorder = new Recorder();
      const subscription = await join(fixture, { group: 'group', topics, recorder });
      await until(fixture, 'five resumes', () => recorder.resumed.length === 5);
      const places = ['left/0', 'left/1', 'right/0', 'right/1', 'right/2'];
      assert.deepEqual(subscription.assigned().map(placeOf).toSorted(), places);
      assert.deepEqual(recorder.resumed.toSorted(), places);
      await fill(fixture.log, 'right', 'a');
      await until(fixture, 'the records', () => recorder.seen.length === 3);
      assert.deepEqual(recorder.texts(1, 'right'), ['a']);
    },
  },
  {
    name: 'groups do not disturb each other: each gets everything',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'both', 2);
      await fill(fixture.log, topic, 'a');
      const [one, two] = [new Recorder(), new Recorder()];
      const first = await join(fixture, { group: 'one', topics: [topic], recorder: one });
      await join(fixture, { group: 'two', topics: [topic], recorder: two });
      await until(fixture, 'both', () => one.seen.length === 2 && two.seen.length === 2);
      await first.stop();
      await fill(fixture.log, topic, 'b');
      await until(fixture, 'the second', () => two.seen.length === 4);
      assert.equal(one.seen.length, 2);
    },
  },
  {
    name: 'a late joiner gets its share, its leaving gives it back, and no record is missed or applied twice',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'shared', 5);
      const positions = new Map<string, number>();
      const [early, late] = [new Recorder(positions), new Recorder(positions)];
      const one = await join(fixture, { group: 'group', topics: [topic], recorder: early });
      await until(fixture, 'all five', () => one.assigned().length === 5);
      await fill(fixture.log, topic, 'a');
      const two = await join(fixture, { group: 'group', topics: [topic], recorder: late });
      await until(fixture, 'shares', () => two.assigned().length === 2 && one.assigned().length === 3);
      await fill(fixture.log, topic, 'b');
      await until(fixture, 'ten records', () => early.seen.length + late.seen.length === 10);
      assert.equal(late.seen.filter(({ value }) => value.toString() === 'b').length, 2);
      await two.stop();
      await until(fixture, 'all five again', () => one.assigned().length === 5);
      await fill(fixture.log, topic, 'c');
      await until(fixture, 'fifteen records', () => early.seen.length + late.seen.length === 15);
      const all = [...early.seen, ...late.seen];
      assert.equal(new Set(all.map((record) => `${placeOf(record)}@${record.offset}`)).size, 15);
    },
  },
  {
    name: 'a lease that was given up is aborted, and not before its apply has ended',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'given', 2);
      const early = new Recorder();
      const gate = Promise.withResolvers<void>();
      early.before = () => gate.promise;
      const one = await join(fixture, { group: 'group', topics: [topic], recorder: early });
      await fill(fixture.log, topic, 'a');
      await until(fixture, 'both leases', () => early.leases.length === 2);
      const two = await join(fixture, { group: 'group', topics: [topic], recorder: new Recorder() });
      await fixture.sleep(1_200);
      assert.deepEqual([one.assigned().length, two.assigned().length], [2, 0]);
      assert.ok(early.leases.every(({ lost }) => !lost.aborted));
      gate.resolve();
      await until(fixture, 'one each', () => one.assigned().length === 1 && two.assigned().length === 1);
      assert.equal(early.leases.filter(({ lost }) => lost.aborted).length, 1);
      await two.stop();
    },
  },
  {
    name: 'members that come and go in mid-batch leave every record applied once, in order',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'moving', 4);
      const order: string[] = [];
      const positions = new Map<string, number>();
      const member = () => {
        const recorder = new Recorder(positions);
        recorder.before = async (batch) => {
          await fixture.sleep(10);
          order.push(...batch.map((record) => `${record.partition}/${record.value.toString()}`));
        };
        return recorder;
      };
      const each = numbers(300);
      for (const partition of [0, 1, 2, 3]) await fixture.log.append(topic, records(partition, ...each));
      const [early, late] = [member(), member()];
      const one = await fixture.log.subscribe('group', [topic], early, { maxBatch: 2 });
      await until(fixture, 'a beginning', () => order.length > 20);
      await fixture.log.subscribe('group', [topic], late, { maxBatch: 2 });
      await until(fixture, 'a share', () => late.seen.length > 20);
      await one.stop();
      await until(fixture, 'every record', () => order.length >= 1_200);
      for (const partition of [0, 1, 2, 3]) {
        const here = order.filter((place) => place.startsWith(`${partition}/`));
        assert.deepEqual(
          here,
          each.map((text) => `${partition}/${text}`),
        );
      }
    },
  },
  {
    name: 'partitions that are added while a group runs are shared too',
    async check(fixture) {
      const topic = await makeTopic(fixture.log, 'wider', 1);
      const recorder = new Recorder();
      const subscription = await join(fixture, { group: 'group', topics: [topic], recorder });
      await makeTopic(fixture.log, topic, 3);
      await until(fixture, 'three', () => subscription.assigned().length === 3);
      await fill(fixture.log, topic, 'a');
      await until(fixture, 'three records', () => recorder.seen.length === 3);
    },
  },
];

/** Delivery and sharing. */
export const groupBehaviours: readonly EventLogBehaviour[] = [...deliveryBehaviours, ...sharingBehaviours];
