import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { micros } from '../../domain/money.ts';
import { VirtualClock } from '../../engines/clock.ts';
import { EngineError } from '../../engines/errors.ts';
import { seededRandom } from '../../engines/random.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { openLmdbStateStore } from '../../engines/state-store/lmdb-state-store.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare } from '../../schemas/codec.ts';
import type { MoneyRecord } from '../../schemas/records.ts';
import { createMetrics } from '../metrics.ts';
import { seedHeads } from '../test-heads.ts';
import { testCampaign } from '../test-house.ts';
import { Purse } from './purse.ts';
import { StoreGate } from './store-gate.ts';
import { Watermarks } from './watermarks.ts';

const MINUTE = 29_000_000;
const campaign = testCampaign({
  totalBudgetMicros: micros(100_000),
  pricing: { model: 'cpm', priceMicros: micros(1_000) },
});
const spending = { campaign, minute: MINUTE, day: '2025-02-19' };

let folder: string;
let clock: VirtualClock;
let store: StateStore;
let swaps: number;
/** So many swaps lose against somebody else's. */
let others: number;
let watermarks: Watermarks;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-purse-'));
  clock = new VirtualClock(MINUTE * 60_000);
  store = openLmdbStateStore({ path: folder, clock });
  swaps = 0;
  others = 0;
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function openPurse(): Promise<Purse> {
  const metrics = createMetrics();
  const counted: StateStore = {
    read: (names) => store.read(names),
    swap: async (...args) => {
      swaps++;
      if (others-- > 0) await store.swap(...args);
      return store.swap(...args);
    },
    claim: (...args) => store.claim(...args),
    stores: () => store.stores(),
    drop: (bucket) => store.drop(bucket),
    close: () => store.close(),
  };
  const gate = new StoreGate(counted, clock, metrics);
  watermarks = new Watermarks(gate, 2, async () => 2, 4000);
  await seedHeads(store, { beacons: 2, requests: 2 });
  await watermarks.refresh();
  swaps = 0;
  return new Purse(gate, clock, seededRandom(clock, 1), metrics, watermarks);
}

async function record(): Promise<MoneyRecord> {
  const [entry] = await store.read([keys.money(campaign.id)]);
  return decodeBare('money-record', entry?.bytes ?? Buffer.alloc(0));
}

test('those who ask at once are served by one swap, and the first take is what they need', async () => {
  const purse = await openPurse();
  expect(await Promise.all([1, 2, 3].map(() => purse.spend(spending)))).toEqual([null, null, null]);
  expect(swaps).toBe(1);
  expect((await record()).taken).toEqual([{ minute: MINUTE, day: spending.day, micros: 3_000, impressions: 3 }]);
});

test('a take reaches as far ahead as the last seconds tell, and what is left goes back when the minute is over', async () => {
  const purse = await openPurse();
  for (let spent = 0; spent < 60; spent++) await purse.spend(spending);
  const [{ micros: taken } = { micros: 0 }] = (await record()).taken;
  expect(taken).toBeGreaterThan(60_000);
  expect(swaps).toBeLessThan(40);

  await purse.settle();
  expect((await record()).taken[0]?.micros).toBe(taken);
  await clock.advance((MINUTE + 1) * 60_000);
  await purse.settle();
  expect((await record()).taken[0]?.micros).toBe(60_000);
});

test('a refusal is remembered for a second, then the store is asked again', async () => {
  const purse = await openPurse();
  for (let spent = 0; spent < 100; spent++) expect(await purse.spend(spending)).toBeNull();
  expect(await purse.spend(spending)).toBe('budget_reached');
  expect(purse.refusal({ id: campaign.id, campaign }, MINUTE)).toBe('budget_reached');
  expect(purse.refusal({ id: campaign.id, campaign }, MINUTE + 1)).toBeNull();
  await clock.advance(MINUTE * 60_000 + 1_000);
  expect(purse.refusal({ id: campaign.id, campaign }, MINUTE)).toBeNull();
});

test('others who were quicker say nothing of the money: who asks next is asked for', async () => {
  const purse = await openPurse();
  others = 100;
  const asked = purse.spend(spending);
  let answered = false;
  void asked.finally(() => {
    answered = true;
  });
  for (let ms = 1; !answered; ms++) {
    // The pauses between tries are the clock's, the swaps take real time.
    await clock.advance(MINUTE * 60_000 + ms);
    await sleep(5);
  }
  expect(await asked).toBe('contended');
  expect(purse.refusal({ id: campaign.id, campaign }, MINUTE)).toBeNull();
  others = 0;
  expect(await purse.spend(spending)).toBeNull();
});

test('an ad that is not served leaves its money in hand for the next one', async () => {
  const purse = await openPurse();
  for (let spent = 0; spent < 100; spent++) await purse.spend(spending);
  purse.unspend(spending);
  expect(await purse.spend(spending)).toBeNull();
  expect(await purse.spend(spending)).toBe('budget_reached');
});

test('nothing is taken in a minute that is closed for all', async () => {
  const purse = await openPurse();
  const closed = Buffer.alloc(8);
  closed.writeBigInt64BE(BigInt(MINUTE));
  const [absent] = await store.read([keys.closed]);
  if (absent) await store.swap(keys.closed, absent, closed, 60_000);
  await watermarks.refresh();
  expect(await purse.spend(spending)).toBe('minute_closed');
});

test('money is given back once, also when a store that took it back went away before it said so', async () => {
  const purse = await openPurse();
  for (let spent = 0; spent < 10; spent++) await purse.spend(spending);
  purse.unspend(spending);
  const [{ micros: before } = { micros: 0 }] = (await record()).taken;
  await clock.advance((MINUTE + 1) * 60_000);
  const swap = store.swap.bind(store);
  store.swap = async (...given) => {
    await swap(...given);
    throw new EngineError('unavailable', 'the connection ended');
  };
  await purse.settle();
  store.swap = swap;
  const after = (await record()).taken;
  expect(after[0]?.micros).toBeLessThan(before);
  await watermarks.refresh();
  await purse.settle();
  expect((await record()).taken).toEqual(after);
});

test('what cannot be given back while the store is away goes back when it answers again', async () => {
  const purse = await openPurse();
  for (let spent = 0; spent < 10; spent++) await purse.spend(spending);
  purse.unspend(spending);
  const [{ micros: before } = { micros: 0 }] = (await record()).taken;
  await clock.advance((MINUTE + 1) * 60_000);
  const read = store.read.bind(store);
  store.read = () => Promise.reject(new EngineError('unavailable', 'nobody there'));
  await expect(watermarks.refresh()).rejects.toThrow('nobody there');
  await purse.settle();
  store.read = read;
  await watermarks.refresh();
  await purse.settle();
  expect((await record()).taken[0]?.micros).toBeLessThan(before);
});

test('a campaign without budget and goal asks nobody', async () => {
  const purse = await openPurse();
  expect(await purse.spend({ ...spending, campaign: testCampaign() })).toBeNull();
  expect(swaps).toBe(0);
});
