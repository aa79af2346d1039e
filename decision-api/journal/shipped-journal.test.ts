import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { micros } from '../../domain/money.ts';
import { EngineError } from '../../engines/errors.ts';
import type { DecisionApi } from '../main.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from '../test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

/** With a journal in front of the log, as on Kafka; the log itself is the embedded one, and can be told to be away. */
function openShipping(campaigns = [testCampaign()], environment: Record<string, string> = {}): Promise<TestHouse> {
  return openHouse(campaigns, {
    environment: { EVENT_LOG: 'kafka://nobody:9', JOURNAL_DISK_FREE: '1KiB', ...environment },
  });
}

const body = { pod_duration: 30, user: { id: 'u' } };
const budgeted = () => testCampaign({ totalBudgetMicros: micros(1_000_000_000) });

async function degraded({ api }: TestHouse): Promise<readonly string[]> {
  return (await api.app.inject({ url: '/health/ready' })).json().degraded;
}

async function readiness({
  app,
}: DecisionApi): Promise<{ readonly ready: boolean; readonly degraded: readonly string[] }> {
  return (await app.inject({ url: '/health/ready' })).json();
}

async function tracking({ post }: TestHouse): Promise<Readonly<Record<string, string>>> {
  return (await post({ ...body, user: undefined })).json.pod.ads[0]?.tracking ?? {};
}

async function beacon({ api }: TestHouse, url = ''): Promise<number> {
  return (await api.app.inject({ url: url.replace(api.url, '') })).statusCode;
}

test('while the log is away pods are full and beacons taken; when it is back all of it is there, in order and once', async () => {
  house = await openShipping([testCampaign(), budgeted()]);
  const { away, post, metric } = house;
  away.log = true;
  const urls = [];
  for (let n = 0; n < 20; n++) {
    const { json } = await post({ ...body, pod_duration: 60, user: { id: 'same' }, request_id: `r${n}` });
    expect(json.pod.ads).toHaveLength(2);
    urls.push(json.pod.ads[0]?.tracking.impression);
  }
  for (const url of urls) expect(await beacon(house, url)).toBe(200);
  expect(await degraded(house)).toContain('event log: away, records wait in the journal and changes arrive by polling');
  expect(await metric('breaker_open', 'event_log')).toBe(1);
  await expect.poll(() => house && metric('journal_records'), { timeout: 5_000 }).toBe(40);
  expect(await metric('journal_oldest_seconds')).toBeGreaterThan(0);

  away.log = false;
  await expect.poll(() => house && degraded(house), { timeout: 5_000 }).toEqual([]);
  await expect.poll(() => house && metric('journal_records'), { timeout: 5_000 }).toBe(0);
  const requests = await house.records('ad-request');
  expect(requests.map(({ event }) => event.request_id)).toEqual(Array.from({ length: 20 }, (_, n) => `r${n}`));
  expect(await house.records('ad-beacon')).toHaveLength(20);
  // And what the journal said of itself when it began, in each of four partitions.
  expect(await metric('journal_shipped_total')).toBe(44);
});

test('a beacon is answered once the log has it; when the log is silent, after a quarter of a second', async () => {
  house = await openShipping();
  const { log, clock, records } = house;
  const { impression, start, complete } = await tracking(house);
  expect(await beacon(house, impression)).toBe(200);
  expect(await records('ad-beacon')).toHaveLength(1);

  const append = log.append.bind(log);
  const silence = Promise.withResolvers<void>();
  log.append = async (...given) => {
    await silence.promise;
    return append(...given);
  };
  const began = clock.now();
  expect(await beacon(house, start)).toBe(200);
  const waited = clock.now() - began;
  expect(waited).toBeGreaterThanOrEqual(245);
  expect(waited).toBeLessThan(900);
  await expect.poll(() => house?.metric('breaker_open', 'event_log'), { timeout: 3_000 }).toBe(1);
  const later = clock.now();
  expect(await beacon(house, complete)).toBe(200);
  expect(clock.now() - later).toBeLessThan(200);
  silence.resolve();
  await expect.poll(async () => (await records('ad-beacon')).length, { timeout: 5_000 }).toBe(3);
});

test('a full journal refuses beacons and what has a budget; pods without money go on, and all comes back by itself', async () => {
  const free = testCampaign();
  house = await openShipping([free, budgeted()], { JOURNAL_MAX: '320KiB' });
  const { away, post, metric } = house;
  const { impression, start } = await tracking(house);
  away.log = true;
  let taken = 0;
  const fill = `${impression}&cb=${'x'.repeat(60)}`;
  for (; taken < 2_000 && (await metric('journal_full')) === 0; taken += 100) {
    await Promise.all(Array.from({ length: 100 }, () => house && beacon(house, fill)));
    await house.clock.sleep(5);
  }
  expect(taken).toBeGreaterThan(100);
  const refused = await house.api.app.inject({ url: String(start).replace(house.api.url, '') });
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '2']);
  expect(await degraded(house)).toContain('journal: full, beacons are refused and campaigns with budgets wait');
  const { json } = await post({ ...body, pod_duration: 60 }, '?explain=1');
  expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual(json.pod.ads.length > 0 ? [free.id] : []);
  away.log = false;
  await expect.poll(() => house && degraded(house), { timeout: 8_000 }).toEqual([]);
  expect(await beacon(house, start)).toBe(200);
  expect((await post({ ...body, pod_duration: 60 })).json.pod.ads).toHaveLength(2);
});

test('an instance adopts what another left behind when it closed without the log', async () => {
  house = await openShipping();
  const { away, config, metric } = house;
  const other = await house.another();
  away.log = true;
  const answer = await other.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload: body });
  expect(answer.json().pod.ads).toHaveLength(1);
  await other.close();
  expect(await readdir(`${config.dataDir}/journal`)).toHaveLength(2);
  away.log = false;
  await expect.poll(() => metric('journals_adopted_total'), { timeout: 8_000 }).toBe(1);
  expect((await house.records('ad-request')).map(({ event }) => event.request_id)).toEqual([answer.json().request_id]);
  // Its one decision, and what it had to say of itself if it had not before.
  expect([1, 5]).toContain(await metric('journal_adopted_records_total'));
});

test('beacons that were answered and that the log then refuses for good are told, by whoever starts after them too, and none is unready', async () => {
  house = await openShipping();
  const { log } = house;
  const append = log.append.bind(log);
  log.append = async (topic, records) => {
    if (topic === 'ad-beacons') throw new EngineError('refused', 'larger than the topic takes');
    return append(topic, records);
  };
  const told = 'journal: the log refused 1 records for good, they are kept: breakwater journal list';
  const first = await house.another();
  await first.ready();
  const { impression = '' } = await tracking(house);
  const taken = await first.app.inject({ url: impression.replace(house.api.url, '') });
  expect(taken.statusCode).toBe(200);
  await expect.poll(async () => (await readiness(first)).degraded).toContain(told);
  expect(await readiness(first)).toMatchObject({ ready: true });
  await first.close();

  const second = await house.another();
  await second.ready();
  await expect.poll(async () => (await readiness(second)).degraded).toContain(told);
  expect(await readiness(second)).toMatchObject({ ready: true });
  expect((await second.app.inject({ url: '/metrics' })).body).toContain('\nbreakwater_journal_dead_letters 1\n');
  await second.close();
});

test('an instance that starts without the log serves from the catalog, and leaves no journal when all was shipped', async () => {
  house = await openShipping();
  const { away, config } = house;
  away.log = true;
  const other = await house.another();
  await other.ready();
  const answer = await other.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload: body });
  expect(answer.json().pod.ads).toHaveLength(1);
  away.log = false;
  await expect.poll(async () => (await house?.records('ad-request'))?.length, { timeout: 5_000 }).toBe(1);
  await other.close();
  await house.api.close();
  expect(existsSync(`${config.dataDir}/journal`) && (await readdir(`${config.dataDir}/journal`))).toEqual([]);
});

test('a record of very many candidates stays below 256 KiB, keeps the winner and says what it left out', async () => {
  const many = Array.from({ length: 200 }, () =>
    // Each length of a campaign's races for itself.
    testCampaign({ creatives: Array.from({ length: 40 }, (_, n) => testCreative({ durationSeconds: 6 + n })) }),
  );
  house = await openShipping(many);
  await house.post({ ...body, pod_duration: 45 });
  await expect.poll(async () => (await house?.records('ad-request'))?.length, { timeout: 5_000 }).toBe(1);
  const [record] = await house.records('ad-request');
  expect(record?.value.length).toBeLessThanOrEqual(256 * 1024);
  expect(record?.value.length).toBeGreaterThan(150 * 1024);
  const { candidates = [], fallouts = [], ads = [] } = record?.event ?? {};
  expect(candidates.filter(({ outcome }) => outcome === 'won').map(({ creative }) => creative)).toEqual(
    ads.map(({ creative }) => creative),
  );
  const cut = fallouts.find(({ reason }) => reason === 'record_cut')?.campaigns ?? 0;
  expect(candidates.length + cut).toBe(8_000);
  expect(await house.metric('records_cut_total')).toBe(1);
});
