import { expect, test } from 'vitest';
import { partitionOf } from '../engines/event-log/partition.ts';
import { Duty, keepOnly } from './duty.ts';
import type { BeatContext } from './worker.ts';

const PARTITIONS = 8;

function contextOf(held: readonly number[]): BeatContext {
  const assigned = () => [
    { topic: 'ad-requests', partition: 7 },
    ...held.map((partition) => ({ topic: 'ad-beacons', partition })),
  ];
  return { assigned, log: { partitions: async () => PARTITIONS } } as unknown as BeatContext;
}

const ids = (many: number) => Array.from({ length: many }, (_, at) => `campaign ${at}`);
const homes = (all: readonly string[], held: readonly number[]) =>
  all.filter((id) => held.includes(partitionOf(id, PARTITIONS))).sort();
const everywhere = [0, 1, 2, 3, 4, 5, 6, 7];

test('of a small catalog every beat is for all campaigns whose home is held here', async () => {
  const duty = new Duty();
  const all = ids(900);
  for (const held of [[0, 3], [0, 3], [5], []]) {
    const own = homes(all, held);
    expect(await duty.next(contextOf(held), all, ['campaign 1'])).toEqual({ now: own, all: own });
  }
});

test('a large one is gone through in rounds, and what there is news of is looked at with every beat', async () => {
  const duty = new Duty();
  const all = ids(5_000);
  const context = contextOf(everywhere);
  const sorted = all.toSorted();
  const late = sorted[4_900] ?? '';
  const first = await duty.next(context, all, [late]);
  expect(first).toEqual({ now: [...sorted.slice(0, 2_000), late], all: sorted });
  expect(await duty.next(context, all, [])).toEqual({ now: sorted.slice(2_000, 4_000), all: null });
  // What came meanwhile waits for the next round, unless there is news of it.
  const grown = [...all, 'a new one'];
  expect((await duty.next(context, grown, ['a new one'])).now).toEqual(['a new one', ...sorted.slice(4_000)]);
  const next = await duty.next(context, grown, []);
  expect(next.all).toEqual(grown.toSorted());
  expect(next.now[0]).toBe('a new one');
});

test('other partitions begin another round at once, and news of what is held elsewhere is somebody else’s', async () => {
  const duty = new Duty();
  const all = ids(40_000);
  await duty.next(contextOf(everywhere), all, []);
  const own = homes(all, [2, 3]);
  const foreign = all.find((id) => !own.includes(id)) ?? '';
  const late = own.at(-1) ?? '';
  expect(await duty.next(contextOf([2, 3]), all, [foreign, late])).toEqual({
    now: [...own.slice(0, 2_000), late],
    all: own,
  });
});

test('what is kept of others is forgotten', () => {
  const kept = new Map(ids(5).map((id) => [id, 1]));
  keepOnly(kept, ['campaign 3', 'campaign 9']);
  expect([...kept.keys()]).toEqual(['campaign 3']);
});
