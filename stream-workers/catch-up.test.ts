import { expect, it } from 'vitest';
import { encodeTokenLife, keys } from '../engines/state-store/keys.ts';
import { decodeBare } from '../schemas/codec.ts';
import { openBench } from './fixture.ts';
import { startRunner } from './runner.ts';
import type { Worker } from './worker.ts';

function fencedWorker(): Worker & { readonly seen: number[]; restored: number } {
  const worker = {
    name: 'fenced',
    reads: ['ad-beacons'],
    ticks: ['ad-beacons'],
    maxBatch: 100,
    beats: [],
    seen: [] as number[],
    restored: 0,
    fence: {
      restored: async () => {
        worker.restored++;
      },
    },
    async handle(batch: Parameters<Worker['handle']>[0]) {
      const own = batch.records.filter(({ record }) => record.name !== 'tick' && batch.partition === 0);
      worker.seen.push(...own.map(({ offset }) => offset));
      return [];
    },
  };
  return worker;
}

it('goes back as far as the longest token life that an instance has noted, not only its own', async () => {
  await using bench = await openBench();
  const lifeMs = 4 * 60_000;
  const [noted] = await bench.store.read([keys.tokenLife]);
  if (!noted) throw new Error('an absent entry is an entry');
  await bench.store.swap(keys.tokenLife, noted, encodeTokenLife(lifeMs), 1e9);
  const worker = fencedWorker();
  const runner = await startRunner(worker, bench);
  for (let minute = 0; minute < 9; minute++) {
    await bench.send({});
    await bench.clock.advance(bench.clock.now() + 60_000);
  }
  await runner.close();
  const [entry] = await bench.store.read([keys.marks('fenced', 'ad-beacons', 0)]);
  const marks = entry?.bytes ? decodeBare('marks-record', entry.bytes).marks : [];
  const newest = marks.at(-1)?.at ?? 0;
  expect(newest - (marks[0]?.at ?? newest)).toBeGreaterThanOrEqual(lifeMs + 60_000);
  expect(marks.length).toBeLessThan(9);
});

it('applies a token life again when the store has another id, then says that it has caught up with it', async () => {
  await using bench = await openBench();
  let alias = 'before';
  const real = bench.store;
  const named = <T extends { readonly store: string }>(entry: T): T => ({ ...entry, store: alias });
  const [realId = ''] = await real.stores();
  const store: typeof real = {
    ...real,
    read: async (names) => (await real.read(names)).map(named),
    async swap(key, seen, ...rest) {
      const swapped = await real.swap(key, { ...seen, store: seen.store === alias ? realId : 'another' }, ...rest);
      return { ...swapped, entry: named(swapped.entry) };
    },
    stores: async () => [alias],
  };
  const head = async () => {
    const [entry] = await real.read([keys.head('fenced', 'ad-beacons', 0)]);
    return entry?.bytes ? decodeBare('head-record', entry.bytes) : null;
  };
  const worker = fencedWorker();
  const runner = await startRunner(worker, { ...bench, store });
  const advance = (ms: number) => bench.clock.advance(bench.clock.now() + ms);
  await advance(200);
  expect(await head()).toMatchObject({ position: 0, caught_up: ['before'] });
  for (let minute = 0; minute < 5; minute++) {
    await bench.send({});
    await advance(60_000);
  }
  const applied = [...worker.seen];
  expect(await head()).toMatchObject({ caught_up: ['before'] });

  alias = 'after';
  await advance(5_000);
  await runner.close();
  const again = worker.seen.slice(applied.length);
  expect(again.length).toBeGreaterThanOrEqual(2);
  expect(again.length).toBeLessThan(applied.length);
  expect(applied.slice(-again.length)).toEqual(again);
  expect(worker.restored).toBeGreaterThan(0);
  expect(await head()).toMatchObject({ caught_up: ['after'] });
});
