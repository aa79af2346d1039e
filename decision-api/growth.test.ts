import { afterEach, expect, test } from 'vitest';
import { EngineError } from '../engines/errors.ts';
import { keys } from '../engines/state-store/keys.ts';
import type { Entry, StateStore } from '../engines/state-store/state-store.ts';
import { encodeBare } from '../schemas/codec.ts';
import { topics } from '../schemas/events.ts';
import { StoreGate } from './holding/store-gate.ts';
import { Watermarks } from './holding/watermarks.ts';
import { createMetrics } from './metrics.ts';
import { seedHeads } from './test-heads.ts';
import { openHouse, type TestHouse, testCampaign } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const capped = () =>
  testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 1 }], totalBudgetMicros: null });

async function grow(open: TestHouse, partitions: number): Promise<void> {
  await open.log.ensureTopics(topics.map(({ name }) => ({ name, partitions, retentionMs: 86_400_000 })));
}

/** Long enough for an instance to have read the heads again. */
const heads = (open: TestHouse) => open.clock.sleep(700);

test('new partitions are used once the workers have them; until then viewers are served as before', async () => {
  house = await openHouse([capped()]);
  const open = house;
  const viewers = Array.from({ length: 40 }, (_, at) => `viewer ${at}`);
  const serve = async (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await open.post({ pod_duration: 30, user: { id } })).json));
  const ads = (answers: Awaited<ReturnType<typeof serve>>) => answers.flatMap(({ pod }) => pod.ads);

  const before = await serve(viewers.slice(0, 20));
  await grow(open, 8);
  await heads(open);
  const during = await serve(viewers.slice(20, 30));
  expect(ads(during)).toHaveLength(10);
  const degraded = async () => (await open.api.app.inject('/health/ready')).json().degraded;
  expect(await degraded()).toEqual(['event log: 4 new partitions wait for their workers']);
  expect((await open.records('ad-request')).filter(({ partition }) => partition >= 4)).toEqual([]);

  await seedHeads(open.store, { beacons: 8, requests: 8 });
  await heads(open);
  expect(await degraded()).toEqual([]);
  const after = await serve(viewers.slice(30));
  expect(ads(after)).toHaveLength(10);
  const requests = await open.records('ad-request');
  expect(requests.filter(({ partition }) => partition >= 4).length).toBeGreaterThan(0);

  // Every beacon goes where its decision said, whenever it comes.
  for (const event of ['impression', 'complete']) {
    for (const { tracking } of ads([...before, ...during, ...after])) {
      const url = new URL(tracking[event] ?? '');
      expect((await open.api.app.inject(url.pathname + url.search)).statusCode).toBe(200);
    }
  }
  const beacons = await open.records('ad-beacon');
  expect(beacons).toHaveLength(80);
  for (const { event, partition } of requests) {
    for (const { reservation } of event.ads) {
      const own = beacons.filter((beacon) => beacon.event.reservation === reservation);
      expect(own.map((beacon) => [beacon.event.event, beacon.partition])).toEqual([
        ['impression', partition],
        ['complete', partition],
      ]);
    }
  }
  expect(ads(await serve(viewers))).toEqual([]);
});

test('a store that forgets while partitions are added is trusted again only once the new ones are caught up too', async () => {
  house = await openHouse([]);
  const { clock } = house;
  let id = 'before';
  const records = new Map<string, Buffer>();
  const entry = (key: string): Entry => ({ store: id, version: 1, bytes: records.get(key) ?? null });
  const store = {
    stores: async () => [id],
    read: async (wanted: readonly string[]) => wanted.map(entry),
    swap: async (key: string, _: Entry, bytes: Buffer) => {
      records.set(key, bytes);
      return { ok: true, entry: entry(key) };
    },
  } as unknown as StateStore;
  const say = (from: number, to: number, ids: readonly string[]) => {
    for (const group of ['frequency', 'pacing'])
      for (const topic of ['ad-beacons', 'ad-requests'])
        for (let partition = from; partition < to; partition++)
          records.set(
            keys.head(group, topic, partition),
            encodeBare('head-record', { position: 0, watermark: 5, caught_up: [...ids] }),
          );
  };
  let count = 2;
  let isAway = false;
  const ask = async () => {
    if (isAway) throw new EngineError('unavailable', 'the log');
    return count;
  };
  const marks = new Watermarks(new StoreGate(store, clock, createMetrics()), 2, ask, 1000);
  const seen = async () => {
    await marks.refresh();
    return [marks.partitions, marks.trusts(id), marks.caughtUp];
  };
  say(0, 2, ['before']);
  expect(await seen()).toEqual([2, true, true]);
  count = 4;
  expect(await seen()).toEqual([2, true, true]);
  id = 'after';
  expect(await seen()).toEqual([2, false, false]);
  // Another instance may have used the new ones by then.
  say(0, 2, ['after']);
  expect(await seen()).toEqual([2, false, false]);
  say(2, 4, ['after']);
  expect(await seen()).toEqual([4, true, true]);
  isAway = true;
  expect(await seen()).toEqual([4, true, true]);

  // An instance that began while the log was away, with fewer configured, has never known that all were caught up.
  const late = new Watermarks(new StoreGate(store, clock, createMetrics()), 2, ask, 1000);
  say(2, 4, ['before']);
  await late.refresh();
  expect([late.partitions, late.trusts(id)]).toEqual([2, true]);
  isAway = false;
  await late.refresh();
  expect([late.partitions, late.trusts(id)]).toEqual([2, false]);
});
