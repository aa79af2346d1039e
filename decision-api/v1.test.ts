import { afterEach, expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { withSecrets } from '../engines/secrets.ts';
import { pseudonym } from './asking/identities.ts';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse;

afterEach(() => house.close());

const url = 'https://cdn.example/spot.mp4';
const media = [
  { url, type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080, bitrateKbps: null },
] as const;
const usual = testCampaign({ creatives: [testCreative({ durationSeconds: 15, media })] });

async function post(path: 'ad-request' | 'impression', payload: unknown) {
  const response = await house.api.app.inject({
    method: 'POST',
    url: `/api/v1/${path}`,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });
  return { status: response.statusCode, text: response.body, headers: response.headers };
}

async function ad(payload: object = { device_id: 'tv-1' }) {
  const { text } = await post('ad-request', payload);
  return JSON.parse(text) as Readonly<Record<string, string>>;
}

const pointersOf = (text: string) => JSON.parse(text).errors.map(({ pointer }: { pointer: string }) => pointer);

test('one ad in exactly the fields of the MVP; the record says that v1 asked, and who watches is a pseudonym', async () => {
  house = await openHouse([usual]);
  const said = await post('ad-request', {
    device_id: 'tv-1',
    device_type: 'roku',
    app_id: 'app',
    user_agent: 'Roku/DVP-14.0',
    ip_address: '203.0.113.9',
    context: { content: { genre: 'drama' }, geo: { country: 'us' }, screen: 'home' },
    something: 'else',
  });
  expect(said.status).toBe(200);
  const answer = JSON.parse(said.text);
  expect(Object.keys(answer)).toEqual([
    'ad_id',
    'campaign_id',
    'creative_id',
    'video_url',
    'duration',
    'format',
    'click_url',
    'tracking_url',
    'timestamp',
  ]);
  expect(answer).toMatchObject({ campaign_id: usual.id, video_url: url, duration: 15, format: 'mp4' });
  expect(Math.abs(Date.parse(answer.timestamp) - house.clock.now())).toBeLessThan(10_000);
  const [record] = await house.records('ad-request');
  expect(record?.event).toMatchObject({
    dialect: 'v1',
    max_ads: 1,
    context: { country: 'US', device_type: 'roku', content_genre: 'drama', ip_truncated: '203.0.113.0/24' },
  });
  expect(JSON.stringify(record?.event)).not.toContain('tv-1');
});

test('204 when there is no ad, and when every field is null or missing the best one all the same', async () => {
  house = await openHouse([]);
  expect(await post('ad-request', { device_id: 'tv-1' })).toMatchObject({ status: 204, text: '' });
  await house.close();
  house = await openHouse([usual]);
  const nulls = { device_id: null, device_type: null, app_id: null, user_agent: null, ip_address: null, context: null };
  expect((await post('ad-request', nulls)).status).toBe(200);
  const inner = {
    content: null,
    geo: { country: 'US', dma: null },
    user: { id: 'u', age: null },
    session: { id: null },
  };
  expect((await post('ad-request', { context: { ...inner, consent: null, screen: null } })).status).toBe(200);
  expect((await post('ad-request', {})).status).toBe(200);
});

test('tracking_url is a signed beacon, click_url counts and leads to the advertiser', async () => {
  house = await openHouse([usual]);
  const { tracking_url, click_url } = await ad();
  const get = (address: string | undefined) =>
    house.api.app.inject({ method: 'GET', url: String(address).replace(house.api.url, '') });
  expect((await get(tracking_url)).headers['content-type']).toBe('image/gif');
  expect(await get(click_url)).toMatchObject({ statusCode: 302, headers: { location: 'https://advertiser.example/' } });
  expect((await house.records('ad-beacon')).map(({ event }) => event.event).toSorted()).toEqual([
    'click',
    'impression',
  ]);
});

test('an impression is the beacons of its own reservation, with its price; reported again it is the same reservation', async () => {
  house = await openHouse([usual]);
  const { ad_id, campaign_id, creative_id } = await ad();
  const report = {
    ad_id,
    campaign_id,
    creative_id,
    device_id: 'tv-1',
    device_type: 'roku',
    location_country: 'US',
    location_region: 'CA',
    session_id: 's',
    timestamp: '2026-11-27T10:00:00Z',
    duration: 14.5,
    completed: false,
  };
  expect((await post('impression', report)).status).toBe(202);
  expect((await post('impression', { ...report, completed: true })).status).toBe(202);
  const [request] = await house.records('ad-request');
  const beacons = (await house.records('ad-beacon')).map(({ event }) => event);
  expect(beacons.map(({ event }) => event)).toEqual(['impression', 'start', 'impression', 'start', 'complete']);
  expect(new Set(beacons.map(({ reservation }) => reservation))).toEqual(new Set([request?.event.ads[0]?.reservation]));
  expect(beacons[0]).toMatchObject({
    campaign: usual.id,
    price_micros: 12_000,
    viewer: pseudonym(withSecrets(house.config).pepper ?? '', 'device', 'tv-1'),
    client_at: Date.UTC(2026, 10, 27, 10),
    view_ms: 14_500,
  });
});

test.each([
  [{ ad_id: '00000000-0000-7000-8000-000000000001' }, 422, '/ad_id'],
  [{ ad_id: 'k1.aaaa.bbbb' }, 422, '/ad_id'],
  [{ ad_id: undefined }, 400, '/ad_id'],
  [{ ad_id: '' }, 400, '/ad_id'],
  [{ campaign_id: '00000000-0000-7000-8000-00000000dead' }, 422, '/campaign_id'],
  [{ creative_id: 'x' }, 422, '/creative_id'],
  [{ timestamp: 'yesterday' }, 422, '/timestamp'],
  [{ duration: -1 }, 400, '/duration'],
  [{ completed: 'yes' }, 400, '/completed'],
  [{ location_country: 'USA' }, 400, '/location_country'],
])('an impression with %j is refused with its place and is in no log', async (fields, status, pointer) => {
  house = await openHouse([usual]);
  const { ad_id } = await ad();
  const said = await post('impression', { ad_id, ...fields });
  expect(said.status).toBe(status);
  expect(pointersOf(said.text)).toContain(pointer);
  expect(await house.records('ad-beacon')).toEqual([]);
});

test('a token of another event, or with one letter changed, is no ad_id', async () => {
  house = await openHouse([usual]);
  const { ad_id = '', click_url = '' } = await ad();
  const other = click_url.slice(click_url.indexOf('?t=') + 3);
  const changed = ad_id.slice(0, -1) + (ad_id.endsWith('A') ? 'B' : 'A');
  expect(other).not.toBe(ad_id);
  for (const forged of [other, changed]) expect((await post('impression', { ad_id: forged })).status).toBe(422);
  expect(await house.metric('beacons_total', 'forged')).toBe(2);
});

test.each([
  [{ device_id: 7 }, '/device_id'],
  [{ context: 'sports' }, '/context'],
  [{ context: { geo: { country: 7 } } }, '/context/geo/country'],
  [{ user_agent: 'x'.repeat(3_000) }, '/user_agent'],
  [null, ''],
  [[null], ''],
])('an ad request with %j is refused with its place', async (body, pointer) => {
  house = await openHouse([usual]);
  const said = await post('ad-request', body);
  expect(said.status).toBe(400);
  expect(pointersOf(said.text)).toContain(pointer);
});

test('budgets hold: of a campaign that can pay one impression, one ad is served, the rest is 204', async () => {
  // Half of it was spent before the stream counted.
  house = await openHouse([{ ...usual, totalBudgetMicros: micros(24_000), spentBeforeMicros: micros(12_000) }]);
  const said = await Promise.all(Array.from({ length: 10 }, (_, n) => post('ad-request', { device_id: `tv-${n}` })));
  expect(said.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
});

test('a flag that is off keeps its campaigns from v1 too; one for a tenth of the viewers is for the same tenth each time', async () => {
  const capped = testCampaign({ caps: [{ scope: 'device', creativeId: null, windowSeconds: 3600, max: 9 }] });
  const aimed = testCampaign({
    targeting: [{ id: 'r', conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }] }],
  });
  const cases = [
    [capped, 'ENABLE_FREQUENCY_CAP'],
    [aimed, 'ENABLE_TARGETING'],
  ] as const;
  const asking = (device_id: string) => post('ad-request', { device_id, context: { geo: { country: 'US' } } });
  for (const [campaign, flag] of cases) {
    for (const [value, served] of [
      ['true', 200],
      ['false', 204],
    ] as const) {
      house = await openHouse([campaign], { environment: { [flag]: value } });
      expect((await asking('tv-1')).status, `${flag}=${value}`).toBe(served);
      await house.close();
    }
  }
  house = await openHouse([aimed], { environment: { ENABLE_TARGETING: '10' } });
  const rounds = [];
  for (let round = 0; round < 2; round++) {
    const said = await Promise.all(Array.from({ length: 300 }, (_, n) => asking(`tv-${n}`)));
    rounds.push(said.map(({ status }) => status));
  }
  expect(rounds[0]).toEqual(rounds[1]);
  const on = rounds[0]?.filter((status) => status === 200).length ?? 0;
  // 30 expected; five standard deviations.
  expect(Math.abs(on - 30)).toBeLessThan(26);
  expect(on).toBeGreaterThan(0);
});
