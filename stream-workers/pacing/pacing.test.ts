import { expect, it } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { emptyMoney, take } from '../../domain/ledger.ts';
import { micros } from '../../domain/money.ts';
import { encodeTokenLife, keys } from '../../engines/state-store/keys.ts';
import { decode, decodeBare, encodeBare } from '../../schemas/codec.ts';
import type { CampaignSignal } from '../../schemas/records.ts';
import { lastExpiry } from '../first-sight.ts';
import { type Bench, id, openBench, PARTITIONS } from '../fixture.ts';
import { moveHead } from '../heads.ts';
import { startRunner } from '../runner.ts';
import { closableMinute } from './closing.ts';
import { pacingWorker } from './pacing.ts';
import { readOpenSums } from './sums.ts';

const campaign: Campaign = {
  id: id(100),
  version: 1,
  name: 'Test',
  advertiserId: id(300),
  advertiserName: 'Test',
  status: 'active',
  startsAt: 0,
  endsAt: 1e12,
  timeZone: 'America/New_York',
  pricing: { model: 'cpm', priceMicros: micros(12_000) },
  totalBudgetMicros: micros(1_000_000),
  dailyBudgetMicros: null,
  goalImpressions: null,
  pacingMode: 'even',
  tier: 'standard',
  targeting: [],
  caps: [],
  categories: [],
  creatives: [],
};

async function moneyOf(bench: Bench) {
  const [entry] = await bench.store.read([keys.money(campaign.id)]);
  return entry?.bytes ? decodeBare('money-record', entry.bytes) : emptyMoney();
}

const start = (bench: Bench, fields: Partial<Campaign> = {}) => {
  const view = { ...bench.view, campaigns: new Map([[campaign.id, { ...campaign, ...fields }]]) };
  return startRunner(pacingWorker({ view, metrics: bench.metrics, suppressions: bench.suppressions }), bench);
};

async function openMicros(bench: Bench): Promise<number> {
  const minutes = await readOpenSums(bench, PARTITIONS);
  return [...minutes.values()].reduce((sum, of) => sum + (of.get(campaign.id)?.billed_micros ?? 0), 0);
}

it('bills the first of each kind on time, and nothing else', async () => {
  await using bench = await openBench();
  const runner = await start(bench);
  await bench.send({ reservation: id(1) }, { reservation: id(1) }, { reservation: id(2), partition: 1 });
  await bench.send({ reservation: id(3), event: 'notUsed' }, { reservation: id(3) });
  await bench.send({ reservation: id(4), expires_at: bench.clock.now() - 1 });
  await bench.clock.advance(bench.clock.now() + 500);
  await runner.close();
  expect(await openMicros(bench)).toBe(24_000);
});

it('replaces what was taken by what was billed once the watermark has passed the last token', async () => {
  await using bench = await openBench();
  const minute = Math.floor(bench.clock.now() / 60_000);
  const taken = take(
    emptyMoney(),
    { minute, day: '1970-01-01', micros: 60_000, impressions: 5 },
    { totalMicros: 100_000, dailyMicros: null, impressions: null },
    0,
  );
  if (!taken.ok) throw new Error('the first take fits');
  const [absent] = await bench.store.read([keys.money(campaign.id)]);
  if (!absent) throw new Error('an absent entry is an entry');
  await bench.store.swap(keys.money(campaign.id), absent, encodeBare('money-record', taken.record), 1e9);

  const runner = await start(bench);
  await bench.send({ reservation: id(1) }, { reservation: id(2), partition: 2 });
  await bench.clock.advance((minute + 1) * 60_000 + 3900);
  expect(await moneyOf(bench)).toMatchObject({ billed_micros: 0, taken: [{ minute, micros: 60_000 }] });
  await bench.clock.advance((minute + 1) * 60_000 + 8000);
  await runner.close();
  expect(await moneyOf(bench)).toMatchObject({ closed_up_to: minute, billed_micros: 24_000, taken: [] });
  expect(await openMicros(bench)).toBe(0);
});

it('keeps a minute open for the longest token life that an instance has noted', async () => {
  await using bench = await openBench();
  const minute = Math.floor(bench.clock.now() / 60_000);
  const [absent] = await bench.store.read([keys.tokenLife]);
  if (!absent) throw new Error('an absent entry is an entry');
  await bench.store.swap(keys.tokenLife, absent, encodeTokenLife(90_000), 1e9);
  const runner = await start(bench);
  await bench.send({ reservation: id(1), expires_at: (minute + 1) * 60_000 + 90_000 });
  await bench.clock.advance((minute + 1) * 60_000 + 80_000);
  await bench.send({ reservation: id(1), expires_at: (minute + 1) * 60_000 + 90_000, minute });
  await bench.send({ reservation: id(2), expires_at: (minute + 1) * 60_000 + 90_000, minute });
  await bench.clock.advance((minute + 1) * 60_000 + 89_000);
  expect((await moneyOf(bench)).closed_up_to).toBeLessThan(minute);
  await bench.clock.advance((minute + 1) * 60_000 + 95_000);
  await runner.close();
  expect(await moneyOf(bench)).toMatchObject({ closed_up_to: minute, billed_micros: 24_000 });
});

it('counts once when the worker dies between the sums and the head', async () => {
  await using bench = await openBench();
  await bench.send({ reservation: id(1) }, { reservation: id(2) });
  const dying = { ...bench, store: Object.create(bench.store) as Bench['store'] };
  let heads = 0;
  dying.store.swap = (key, ...rest) => {
    if (key.startsWith('h:') && heads++ < 3) return Promise.reject(new Error('killed'));
    return bench.store.swap(key, ...rest);
  };
  const runner = await start(dying);
  await bench.clock.advance(bench.clock.now() + 5000);
  await runner.close();
  expect(heads).toBeGreaterThan(3);
  expect(await openMicros(bench)).toBe(24_000);
});

it('bills nothing twice when a member wakes up after another has gone on and dropped the claims', async () => {
  await using bench = await openBench();
  const runner = await start(bench);
  await bench.send({ reservation: id(1) });
  await bench.clock.advance(bench.clock.now() + 500);
  await runner.close();

  const minute = Math.floor(bench.clock.now() / 60_000);
  const sleepy = { ...bench, store: Object.create(bench.store) as Bench['store'] };
  const goOn = async () => {
    const watermark = lastExpiry(minute, bench.config.tokenLifeMs) + 1;
    const to = { position: 9, watermark, stores: await bench.store.stores(), caughtUp: true };
    await moveHead(bench.store, 'pacing', { topic: 'ad-beacons', partition: 0 }, 1, to);
    await bench.store.drop(keys.claims('pacing', 0, minute));
  };
  let slept = false;
  sleepy.store.claim = async (...given) => {
    if (!slept) await goOn();
    slept = true;
    return bench.store.claim(...given);
  };
  const woken = await start(sleepy);
  await bench.send({ reservation: id(1) });
  await bench.clock.advance(bench.clock.now() + 500);
  await woken.close();
  expect(slept).toBe(true);
  expect(await openMicros(bench)).toBe(12_000);
});

it('closes no minute while one partition has no watermark', () => {
  expect(closableMinute(0, 4000)).toBeLessThan(0);
  expect(closableMinute(60_000 * 11 + 4000, 4000)).toBe(9);
  expect(closableMinute(60_000 * 11 + 4001, 4000)).toBe(10);
});

it('tells of every billable beacon how long it took from its arrival at the worker to the live counters', async () => {
  await using bench = await openBench();
  const runner = await start(bench);
  await bench.send(
    ...[1, 2, 3].map((n) => ({ campaign: campaign.id, reservation: id(400 + n), partition: n % PARTITIONS })),
    { campaign: campaign.id, reservation: id(401), partition: 1 },
  );
  await bench.clock.advance(bench.clock.now() + 1_000);
  await runner.close();
  const { values } = await bench.metrics.processing.get();
  const counted = values.filter(({ metricName }) => metricName === 'breakwater_processing_seconds_count');
  expect(counted.map(({ labels, value }) => [labels.effect, value])).toEqual([['counter', 3]]);
});

it('takes what yesterday’s minutes that are still open have spent for spent before today', async () => {
  await using bench = await openBench();
  const midnight = Date.UTC(1970, 0, 1, 17);
  // Ten micros a second from midnight on, seven hours east of Greenwich.
  const daily = { timeZone: 'Etc/GMT-7', totalBudgetMicros: null, dailyBudgetMicros: micros(864_000) };
  await bench.clock.advance(midnight - 2_000);
  const runner = await start(bench, daily);
  await bench.send({ reservation: id(1) }, { reservation: id(2), partition: 1 });
  await bench.clock.advance(midnight + 1_000);
  await bench.send({ reservation: id(3) });
  await bench.clock.advance(midnight + 2_000);
  await runner.close();
  expect(await openMicros(bench)).toBe(36_000);
  const [entry] = await bench.store.read([keys.signal('PACING', campaign.id)]);
  const { signal } = decodeBare('signal-state-record', entry?.bytes as Buffer);
  const { spent_micros, target_micros } = decode(signal).value as CampaignSignal;
  expect(spent_micros).toBe(36_000);
  expect(target_micros).toBeGreaterThanOrEqual(24_010);
  expect(target_micros).toBeLessThanOrEqual(24_020);
});

it('plans by the hours of the week in which the campaign may serve', async () => {
  await using bench = await openBench();
  const now = bench.clock.now();
  const day = { startsAt: now - 3_600_000, endsAt: now + 23 * 3_600_000, timeZone: 'UTC' };
  const targetOf = async (start_time: string, end: string) => {
    const condition = { dimension: 'day_parts', mode: 'include', values: [{ start: start_time, end }] } as const;
    const runner = await start(bench, { ...day, targeting: [{ id: 'r', conditions: [condition] }] });
    await bench.clock.advance(bench.clock.now() + 1_000);
    await runner.close();
    const [entry] = await bench.store.read([keys.signal('PACING', campaign.id)]);
    const { signal } = decodeBare('signal-state-record', entry?.bytes as Buffer);
    return (decode(signal).value as CampaignSignal).target_micros;
  };
  // It is 16:40, an hour after its beginning. Nothing is due of what is for the night; two thirds of an hour are over.
  expect(await targetOf('20:00', '22:00')).toBe(0);
  expect(Math.round((await targetOf('16:00', '17:00')) / 10_000)).toBe(67);
});
