import { afterEach, expect, test } from 'vitest';
import type { Campaign, CampaignCategory, FrequencyCap } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import { keys } from '../engines/state-store/keys.ts';
import { decodeBare } from '../schemas/codec.ts';
import { openHouse, type TestHouse, testCampaign } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const drinks: CampaignCategory = { id: 'drinks', name: 'Drinks', ancestors: [] };
const cola: CampaignCategory = { id: 'cola', name: 'Cola', ancestors: ['drinks'] };
const of = (...categories: CampaignCategory[]) => testCampaign({ categories });

/** One break of a stream, decided by the instance of this number. */
function asker(open: TestHouse, others: readonly Awaited<ReturnType<TestHouse['another']>>[]) {
  const apis = [open.api, ...others];
  return async (index: number, offsetSeconds: number | null, pod: object = {}, more: object = {}) => {
    const payload = {
      pod: { duration_seconds: 30, min_separation_seconds: 60, ...pod },
      session: { id: 's' },
      break: { index, ...(offsetSeconds === null ? {} : { offset_seconds: offsetSeconds }) },
      ...more,
    };
    const { app } = apis[index % apis.length] ?? open.api;
    const response = await app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
    expect(response.statusCode).toBe(200);
    return (response.json().pod.ads as { campaign_id: string }[]).map(({ campaign_id }) => campaign_id);
  };
}

test('breaks of one stream that are decided at once on two instances take no two competitors within the seconds', async () => {
  house = await openHouse([of(cola), of(drinks), of(cola)]);
  const other = await house.another();
  await other.ready();
  const ask = asker(house, [other]);
  // 20 breaks a minute apart: 30 s of ad and 30 s of content, where 60 s are asked for.
  const pods = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index, index * 60)));
  const filled = pods.flatMap((ads, index) => (ads.length > 0 ? [index] : []));
  expect(filled.length).toBeGreaterThan(4);
  for (const [at, index] of filled.entries()) if (at > 0) expect(index - (filled[at - 1] ?? 0)).toBeGreaterThan(1);
  const outcomes = (await house.records('ad-request')).flatMap(({ event }) => event.candidates);
  expect(outcomes.filter(({ outcome }) => outcome === 'separated').length).toBeGreaterThan(10);
});

test('breaks far enough from each other, other streams and requests without a session are free', async () => {
  house = await openHouse([of(cola)]);
  const ask = asker(house, []);
  expect(await ask(0, 0)).toHaveLength(1);
  expect(await ask(1, 89)).toHaveLength(0);
  expect(await ask(2, 90)).toHaveLength(1);
  expect(await ask(3, 95, {}, { session: { id: 'another' } })).toHaveLength(1);
  expect(await ask(4, 95, {}, { session: {} })).toHaveLength(1);
  expect(await ask(5, 95, { enable_competitive_separation: false })).toHaveLength(0);
});

test('a pod may keep competitors out of the whole stream', async () => {
  house = await openHouse([of(cola), of(drinks)]);
  const ask = asker(house, []);
  const whole = { min_separation_seconds: null, separation_scope: 'stream' };
  expect(await ask(0, 0, whole)).toHaveLength(1);
  expect(await ask(1, 50_000, whole)).toHaveLength(0);
  expect(await ask(2, 50_000, { min_separation_seconds: null }, { session: { id: 'x' } })).toHaveLength(1);
});

test('an ad stands where it keeps its distance, and what was tried elsewhere leaves nothing behind', async () => {
  const plain = testCampaign({});
  house = await openHouse([of(cola), plain]);
  const ask = asker(house, []);
  expect(await ask(0, 0)).toHaveLength(1);
  const seconds = { duration_seconds: 60, max_ads: 2, min_separation_seconds: 60 };
  const pod = await ask(1, 70, seconds);
  expect(pod).toContain(plain.id);
  const [request] = (await house.records('ad-request')).slice(-1);
  const hash = request?.event.session ?? '';
  const [entry] = await house.store.read([keys.stream(hash)]);
  const { entries } = decodeBare('stream-record', entry?.bytes ?? Buffer.alloc(0));
  const served = (await house.records('ad-request')).flatMap(({ event }) => event.ads);
  const inStream = served.filter(({ capped_by }) => capped_by.some(({ scope }) => scope === 'stream'));
  expect(entries.map(({ reservation }) => reservation).sort()).toEqual(inStream.map((ad) => ad.reservation).sort());
});

test('a pod whose best compete with the break before is filled with all others', async () => {
  const priced = (cents: number, ...categories: CampaignCategory[]) =>
    testCampaign({ categories, pricing: { model: 'cpm', priceMicros: micros(cents * 10_000) } });
  const other = (id: string): CampaignCategory => ({ id, name: id, ancestors: [] });
  const others = ['travel', 'bank', 'food', 'toys'].map((id, at) => priced(10 + at, other(id)));
  house = await openHouse([...Array.from({ length: 12 }, (_, at) => priced(33 + at, cola)), ...others]);
  const ask = asker(house, []);
  expect(await ask(0, null, { min_separation_seconds: 30 })).toHaveLength(1);
  const whole = { duration_seconds: 120, min_separation_seconds: 30, exact_duration: true };
  expect((await ask(1, null, whole)).sort()).toEqual(others.map(({ id }) => id).sort());
});

const cap = (scope: FrequencyCap['scope'], max: number): FrequencyCap => ({
  scope,
  creativeId: null,
  windowSeconds: scope === 'stream' ? null : 3600,
  max,
});

test.each([
  ['without consent', { consent: { given: false }, user: { id: 'u' } }],
  ['without ids', {}],
])('%s stream caps hold, at once and on two instances, and user caps make ineligible', async (_, who) => {
  const streamed: Campaign = testCampaign({ caps: [cap('stream', 2)] });
  house = await openHouse([streamed, testCampaign({ caps: [cap('user', 9)] })]);
  const other = await house.another();
  await other.ready();
  const ask = asker(house, [other]);
  const pods = await Promise.all(Array.from({ length: 12 }, (__, index) => ask(index, index * 600, {}, who)));
  expect(pods.flat()).toEqual([streamed.id, streamed.id]);
  expect(await ask(1, 0, {}, { ...who, session: {} })).toEqual([]);
  const identities = (await house.records('ad-request')).flatMap(({ event }) => event.identities);
  expect(identities).toEqual([]);
});

test('while the store is away an ad with competitors is not served in a stream, and is elsewhere', async () => {
  house = await openHouse([of(cola)]);
  const ask = asker(house, []);
  house.away.store = true;
  expect(await ask(0, 0)).toEqual([]);
  expect(await ask(1, 0, {}, { session: {} })).toHaveLength(1);
});

test('breaks of one request are a stream without a session too: competitors and caps know of each other', async () => {
  const capped = testCampaign({ caps: [cap('stream', 1)] });
  house = await openHouse([of(cola), of(drinks), capped]);
  const open = house;
  const each = { pod_duration: 60, pod: { min_separation_seconds: 60 } };
  const ask = async (body: object) => {
    const { json } = (await open.post(body)) as unknown as { json: { breaks: { pod: { ads: unknown[] } }[] } };
    return json.breaks.map(({ pod }) => pod.ads.length);
  };
  expect(await ask({ breaks: [each, each] })).toEqual([2, 0]);
  expect(await ask({ request_id: 'r', breaks: [each, each] })).toEqual([2, 0]);
  const sessions = (await house.records('ad-request')).map(({ event }) => event.session);
  expect([sessions.every((session) => session !== null), new Set(sessions).size]).toEqual([true, 2]);
});

test('a break that VMAP leaves for later is of the same stream', async () => {
  house = await openHouse([testCampaign({ caps: [cap('stream', 1)] })], { environment: { PLAYBACK_SPEED: '1' } });
  const { app } = house.api;
  for (const [more, ads] of [
    ['', 0],
    ['&sid=%5Bsession.id%5D&request_id=r', 0],
    ['&sid=mine', 0],
  ] as const) {
    const vmap = await app.inject({ url: `/api/v2/vmap?breaks=start,10:00:00&pod_duration=30&ip=203.0.113.9${more}` });
    expect(vmap.body).toContain('<Ad ');
    const tag = /AdTagURI[^>]*>(?:<!\[CDATA\[)?([^<\]]+)/.exec(vmap.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const later = await app.inject({ url: tag.slice(tag.indexOf('/api')) });
    expect([later.statusCode, later.body.split('<Ad ').length - 1]).toEqual([200, ads]);
  }
  const records = (await house.records('ad-request')).map(({ event }) => `${event.session} ${event.viewer}`);
  expect([records.length, new Set(records).size]).toEqual([6, 3]);
});
