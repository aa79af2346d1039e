import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { confirmInStream, type StreamAd, type WantedInStream } from '../../domain/separation-stream.ts';
import { VirtualClock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { openLmdbStateStore } from '../../engines/state-store/lmdb-state-store.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import { createMetrics } from '../metrics.ts';
import { seedHeads } from '../test-heads.ts';
import { testId } from '../test-house.ts';
import { StoreGate } from './store-gate.ts';
import { StreamReserver } from './stream-reserver.ts';
import { Watermarks } from './watermarks.ts';

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;
const key = keys.stream('s');

let folder: string;
let store: StateStore;
let streams: StreamReserver;
let watermarks: Watermarks;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-streams-'));
  const clock = new VirtualClock(NOW);
  store = openLmdbStateStore({ path: folder, clock });
  const metrics = createMetrics();
  const gate = new StoreGate(store, clock, metrics);
  watermarks = new Watermarks(gate, 2, async () => 2, 4_000);
  await seedHeads(store, { beacons: 2, requests: 2 });
  await watermarks.refresh();
  streams = new StreamReserver(gate, clock, seededRandom(clock, 1), metrics, watermarks);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function cola(offsetSeconds: number): WantedInStream {
  const place = {
    reservation: testId(),
    campaignId: testId(),
    creativeId: testId(),
    partition: 0,
    expiresAt: NOW + 900_000,
  };
  const at = { breakIndex: null, breakOffsetMs: offsetSeconds * 1_000, startMs: 0, endMs: 30_000, podMs: 30_000 };
  const ad: StreamAd = { place, advertiserId: testId(), categories: ['cola'], ancestors: [], apartSeconds: 30, at };
  return { ad, caps: [] };
}

async function see() {
  const [entry] = await store.read([key]);
  if (!entry) throw new Error('an absent entry is an entry');
  return streams.see('s', entry);
}

const take = async (wanted: WantedInStream, seen = see()) =>
  streams.reserve(await seen, [wanted], new Set(), watermarks);

test('a place that is given up beside a try that had read the stream before it was taken is given up', async () => {
  await take(cola(0));
  const [first, second] = [await see(), await see()];
  const taken = cola(600);
  expect((await take(taken, Promise.resolve(first))).size).toBe(0);
  const near = cola(30);
  const [, refused] = await Promise.all([
    streams.release(first, [taken.ad.place.reservation]),
    streams.reserve(second, [near], new Set(), watermarks),
  ]);
  expect([...refused.values()]).toEqual(['separated']);
  const { record } = await see();
  expect(record.entries.map(({ state }) => state)).toEqual(['OUTSTANDING', 'RELEASED']);
});

test('what a stream has forgotten is not seen, and counts against nobody', async () => {
  const wanted = cola(0);
  await take(wanted);
  const [entry] = await store.read([key]);
  const record = decodeBare('stream-record', entry?.bytes ?? Buffer.alloc(0));
  const played = confirmInStream(record, wanted.ad.place, NOW);
  if (entry) await store.swap(key, entry, encodeBare('stream-record', played), DAY);
  expect((await see()).record.entries).toHaveLength(1);
  for (const group of ['frequency', 'pacing']) {
    for (const topic of ['ad-beacons', 'ad-requests']) {
      for (const partition of [0, 1]) await moveOn(keys.head(group, topic, partition));
    }
  }
  await watermarks.refresh();
  expect((await see()).record.entries).toEqual([]);
});

/** Two days later. */
async function moveOn(head: string): Promise<void> {
  const [seen] = await store.read([head]);
  const before = decodeBare('head-record', seen?.bytes ?? Buffer.alloc(0));
  const after = encodeBare('head-record', { ...before, position: 1, watermark: NOW + 2 * DAY });
  if (seen) await store.swap(head, seen, after, DAY);
}
