import { afterEach, expect, test } from 'vitest';
import type { Campaign } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import { keys } from '../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { FrequencyEntry } from '../schemas/records.ts';
import { pseudonym } from './asking/identities.ts';
import { openHouse, type TestHouse, testCampaign, testCreative, testId } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const hourCap = (max: number, scope: Campaign['caps'][number]['scope'] = 'user') => ({
  scope,
  creativeId: null,
  windowSeconds: 3600,
  max,
});

async function adsOf(open: TestHouse, bodies: readonly unknown[]): Promise<number> {
  const answers = await Promise.all(bodies.map((body) => open.post(body)));
  expect(answers.map((answer) => answer.status)).toEqual(bodies.map(() => 200));
  return answers.reduce((sum, { json }) => sum + json.pod.ads.length, 0);
}

test('a cap of 1 serves one ad to a viewer who asks fifty times at once', async () => {
  house = await openHouse([testCampaign({ caps: [hourCap(1)] })]);
  const bodies = Array.from({ length: 50 }, () => ({ pod_duration: 30, user: { id: 'u' } }));
  expect(await adsOf(house, bodies)).toBe(1);
  expect(await house.metric('caps_refused_total')).toBe(49);
  expect(await house.metric('fallouts_total', 'contended')).toBe(0);
  expect(await adsOf(house, [{ pod_duration: 30, user: { id: 'another' } }])).toBe(1);
});

test('a household cap holds over two instances and over both devices', async () => {
  house = await openHouse([testCampaign({ caps: [hourCap(2, 'household'), hourCap(9, 'device')] })]);
  const other = await house.another();
  await other.ready();
  const ask = async (index: number) => {
    const payload = { pod_duration: 30, user: { household_id: 'h' }, device: { ifa: `tv-${index % 2}a` } };
    const app = index % 2 ? other.app : (house as TestHouse).api.app;
    const response = await app.inject({ method: 'POST', url: '/api/v2/ad-request', payload });
    return response.json().pod.ads.length as number;
  };
  const counts = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
  expect(counts.reduce((a, b) => a + b)).toBe(2);
});

test('an ad of one creative forgets no view that a longer cap of another creative counts', async () => {
  const short = testCreative({ durationSeconds: 15 });
  const long = testCreative({ durationSeconds: 30 });
  const caps = [
    { ...hourCap(9), creativeId: short.id },
    { ...hourCap(1), creativeId: long.id, windowSeconds: 86_400 },
  ];
  const campaign = testCampaign({ caps, creatives: [short, long] });
  house = await openHouse([campaign], { environment: { PEPPER: 'p'.repeat(32) } });
  const { store, clock } = house;
  const put = async (key: string, bytes: Buffer) => {
    const [absent] = await store.read([key]);
    if (absent) await store.swap(key, absent, bytes, 1e9);
  };
  const seen: FrequencyEntry = {
    reservation: testId(),
    campaign: campaign.id,
    creative: long.id,
    partition: 0,
    expires_at: clock.now() - 7_000_000,
    state: 'CONFIRMED',
    at: clock.now() - 7_200_000,
    for_life: false,
  };
  await put(
    keys.frequency('user', pseudonym('p'.repeat(32), 'user', 'u')),
    encodeBare('frequency-record', { entries: [seen], totals: [], erased_at: 0 }),
  );
  for (const partition of [0, 1, 2, 3]) {
    const head = { position: 1, watermark: clock.now(), caught_up: await store.stores() };
    await put(keys.head('frequency', 'ad-beacons', partition), encodeBare('head-record', head));
  }
  await clock.sleep(600);
  expect(await adsOf(house, [{ pod_duration: 15, user: { id: 'u' } }])).toBe(1);
  expect(await adsOf(house, [{ pod_duration: 30, min_ads: 1, max_ads: 1, user: { id: 'u' } }])).toBe(1);
  const shown = (await house.records('ad-request')).flatMap(({ event }) => event.ads.map((ad) => ad.creative));
  expect(shown).toEqual([short.id, short.id]);
});

test('a place that one identity refuses is given up at the others', async () => {
  house = await openHouse([testCampaign({ caps: [hourCap(1, 'household'), hourCap(5, 'user')] })]);
  const bodies = Array.from({ length: 6 }, () => ({ pod_duration: 30, user: { id: 'u', household_id: 'h' } }));
  expect(await adsOf(house, bodies)).toBe(1);
  const [request] = await house.records('ad-request');
  const user = request?.event.identities.find(({ scope }) => scope === 'user');
  const [entry] = await house.store.read([keys.frequency('user', user?.hash ?? '')]);
  const { entries } = decodeBare('frequency-record', entry?.bytes ?? Buffer.alloc(0));
  expect(entries.filter((each) => each.state === 'OUTSTANDING')).toHaveLength(1);
});

test.each([
  ['a budget of three impressions', { totalBudgetMicros: micros(36_000) }],
  ['a day budget of three and a half', { dailyBudgetMicros: micros(42_000) }],
  ['a goal of three', { goalImpressions: 3 }],
  [
    'a goal of three for a flat price',
    { goalImpressions: 3, pricing: { model: 'flat' as const, priceMicros: micros(0) } },
  ],
  [
    'a budget of three clicks',
    { totalBudgetMicros: micros(36_000), pricing: { model: 'cpc' as const, priceMicros: micros(12_000) } },
  ],
])('%s serves exactly three, over two instances', async (_, money) => {
  house = await openHouse([testCampaign({ pricing: { model: 'cpm', priceMicros: micros(12_000) }, ...money })]);
  const other = await house.another();
  await other.ready();
  const ask = async (index: number) => {
    const app = index % 2 ? other.app : (house as TestHouse).api.app;
    const response = await app.inject({ method: 'POST', url: '/api/v2/ad-request', payload: { pod_duration: 30 } });
    return response.json().pod.ads.length as number;
  };
  let served = 0;
  for (let round = 0; round < 3; round++) {
    const counts = await Promise.all(Array.from({ length: 6 }, (_, index) => ask(index)));
    served += counts.reduce((a, b) => a + b);
  }
  expect(served).toBe(3);
  expect(await house.metric('budgets_refused_total')).toBeGreaterThan(0);
});

test('an ad that gets a place but no money leaves the place', async () => {
  const pricing = { model: 'cpm' as const, priceMicros: micros(12_000) };
  house = await openHouse([testCampaign({ pricing, totalBudgetMicros: micros(36_000), caps: [hourCap(50)] })]);
  const bodies = Array.from({ length: 10 }, () => ({ pod_duration: 30, user: { id: 'u' } }));
  expect(await adsOf(house, bodies)).toBe(3);
  const [request] = await house.records('ad-request');
  const [entry] = await house.store.read([keys.frequency('user', request?.event.identities[0]?.hash ?? '')]);
  const { entries } = decodeBare('frequency-record', entry?.bytes ?? Buffer.alloc(0));
  expect(entries.filter((each) => each.state === 'OUTSTANDING')).toHaveLength(3);
});

test('what one ad of a pod cannot have, the next best takes', async () => {
  const rich = testCampaign({
    totalBudgetMicros: micros(12_000),
    pricing: { model: 'cpm', priceMicros: micros(12_000) },
  });
  const house_ad = testCampaign({ tier: 'house' });
  house = await openHouse([rich, house_ad]);
  const { post } = house;
  const answers = await Promise.all(Array.from({ length: 4 }, () => post({ pod_duration: 30 })));
  const shown = answers.map(({ json }) => json.pod.ads[0]?.campaign_id);
  expect(shown.filter((id) => id === rich.id)).toHaveLength(1);
  expect(shown.filter((id) => id === house_ad.id)).toHaveLength(3);
});

test('an instance that stops gives its unspent money back', async () => {
  const campaign = testCampaign({
    totalBudgetMicros: micros(1_200_000),
    pricing: { model: 'cpm', priceMicros: micros(12_000) },
  });
  house = await openHouse([campaign]);
  await adsOf(
    house,
    Array.from({ length: 20 }, () => ({ pod_duration: 30 })),
  );
  await adsOf(
    house,
    Array.from({ length: 20 }, () => ({ pod_duration: 30 })),
  );
  const other = await house.another();
  await other.close();
  await house.api.close();
  const [entry] = await house.store.read([keys.money(campaign.id)]);
  const { taken } = decodeBare('money-record', entry?.bytes ?? Buffer.alloc(0));
  expect(taken.reduce((sum, minute) => sum + minute.micros, 0)).toBe(40 * 12_000);
});

test('without consent nothing personal is stored, and campaigns that count views are ineligible', async () => {
  const plain = testCampaign();
  const capped = testCampaign({ caps: [hourCap(5)] });
  house = await openHouse([plain, capped]);
  const person = { user: { id: 'u', age: 35, gender: 'male' }, device: { ifa: 'abc', ip: '203.0.113.9' } };
  for (const consent of [{ given: false }, { granted: false }, { coppa: true }, { gdpr: true }]) {
    const { json } = await house.post({ pod_duration: 60, ...person, consent }, '?explain=1');
    expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual([plain.id]);
    expect(json.explain.campaigns.find((each) => each.campaign_id === capped.id)?.outcome).toBe('no_identity');
  }
  for (const { event } of await house.records('ad-request')) {
    expect(event.identities).toEqual([]);
    expect(event.context).toMatchObject({ age: null, gender: null, ip_truncated: null });
  }
});

test('with consent identifiers are pseudonyms and addresses are networks', async () => {
  house = await openHouse([testCampaign()], { environment: { PEPPER: 'p'.repeat(32) } });
  await house.post({ pod_duration: 30, user: { id: 'u' }, device: { ifa: 'secret', lmt: true, ip: '203.0.113.9' } });
  const [record] = await house.records('ad-request');
  expect(record?.event.identities).toEqual([
    { scope: 'user', hash: pseudonym('p'.repeat(32), 'user', 'u') },
    { scope: 'ip', hash: pseudonym('p'.repeat(32), 'ip', '203.0.113.9') },
  ]);
  expect(record?.event.viewer).toMatch(/^[\w-]{22}$/);
  expect(record?.event.context.ip_truncated).toBe('203.0.113.0/24');
});

test('an address is a viewer’s where it is one', async () => {
  house = await openHouse([testCampaign()], { environment: { PEPPER: 'p'.repeat(32) } });
  for (const ip of ['unknown', 'unknown', '-', '', '203.0.113.9:5555', '[2001:db8::1]:80'])
    await house.post({ pod_duration: 30, device: { ip } });
  const records = (await house.records('ad-request')).map(({ event }) => event);
  const told = records.map(({ identities, context }) => [identities[0]?.hash ?? null, context.ip_truncated]);
  const nobody = [null, null];
  expect(told.sort()).toEqual(
    [
      ...Array(4).fill(nobody),
      [pseudonym('p'.repeat(32), 'ip', '203.0.113.9'), '203.0.113.0/24'],
      [pseudonym('p'.repeat(32), 'ip', '2001:db8::1'), '2001:db8:0::/48'],
    ].sort(),
  );
  expect(new Set(records.map(({ viewer }) => viewer)).size).toBe(6);
});

test('a feature that is off for a viewer keeps out the campaigns that carry it, and pods become one ad', async () => {
  const plain = testCampaign();
  const rule = {
    id: testCreative().id,
    conditions: [{ dimension: 'geo_countries' as const, mode: 'include' as const, values: ['US'] }],
  };
  const campaigns = [plain, testCampaign(), testCampaign({ targeting: [rule] }), testCampaign({ caps: [hourCap(5)] })];
  house = await openHouse(campaigns, {
    environment: { ENABLE_TARGETING: 'false', ENABLE_FREQUENCY_CAP: '0', ENABLE_POD_ASSEMBLY: 'false' },
  });
  const { json } = await house.post({ pod_duration: 120, user: { id: 'u' }, geo: { country: 'US' } }, '?explain=1');
  expect(json.pod.ads).toHaveLength(1);
  const outcomes = json.explain.campaigns.map((each) => `${each.outcome} ${each.detail}`);
  expect(outcomes.filter((outcome) => outcome.startsWith('feature_off'))).toEqual([
    'feature_off targeting',
    'feature_off frequency',
  ]);
});

test('a pod that is refused too often says which campaigns it did not come to ask, and holds what has no limit', async () => {
  const dear = { model: 'cpm', priceMicros: micros(50_000) } as const;
  const broke = Array.from({ length: 8 }, () => testCampaign({ pricing: dear, totalBudgetMicros: micros(10_000) }));
  const free = testCampaign();
  house = await openHouse([...broke, free]);
  const { json } = await house.post({ pod_duration: 30, max_ads: 1, user: { id: 'u' } }, '?explain=1');
  const said = JSON.stringify(json.explain);
  expect(json.pod.ads.map((ad) => ad.campaign_id)).toEqual([free.id]);
  expect(said.match(/"budget_reached"/g)?.length).toBeGreaterThanOrEqual(6);
  expect(said.match(/"out_of_rounds"/g)?.length).toBeGreaterThanOrEqual(2);
});
