import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withSecrets } from '../../engines/secrets.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';
import { beaconEvents, Tokens } from './tokens.ts';

let house: TestHouse;

beforeEach(async () => {
  house = await openHouse([testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 9 }] })]);
});

afterEach(() => house.close());

async function served(): Promise<Readonly<Record<string, string>>> {
  const { json } = await house.post({ pod_duration: 30, user: { id: 'u' }, geo: { country: 'us' } });
  return json.pod.ads[0]?.tracking ?? {};
}

function get(url: string | undefined, query = '') {
  const path = String(url).replace(house.api.url, '').replace('[CACHEBUSTING]', 'cb-1');
  return house.api.app.inject({ method: 'GET', url: path + query, headers: { 'user-agent': 'Roku/DVP-14.0' } });
}

function sendBatch(payload: unknown) {
  return house.api.app.inject({ method: 'POST', url: '/api/v2/beacons', payload: payload as object });
}

test('a beacon is in the log, with the facts of its token, before its gif is answered', async () => {
  const tracking = await served();
  const response = await get(tracking.impression, '&at=1700000000000&view_ms=1500&viewability=80&audio=100');
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('image/gif');
  expect(response.headers['cache-control']).toContain('no-store');
  expect(response.rawPayload).toHaveLength(43);

  const [request] = await house.records('ad-request');
  const [beacon] = await house.records('ad-beacon');
  const ad = request?.event.ads[0];
  expect(beacon?.event).toMatchObject({
    event: 'impression',
    cachebuster: 'cb-1',
    viewer: request?.event.viewer,
    reservation: ad?.reservation,
    price_micros: 12_000,
    minute: ad?.minute,
    expires_at: ad?.expires_at,
    identities: ad?.capped_by,
    country: 'US',
    user_agent_class: 'tv',
    client_at: 1_700_000_000_000,
    view_ms: 1500,
    viewability_percentage: 80,
    audio_level: 100,
  });
  expect(beacon?.event.identities).toHaveLength(1);
});

test('a click is logged with its own expiry and sent on to the advertiser', async () => {
  const tracking = await served();
  const response = await get(tracking.click);
  expect(response.statusCode).toBe(302);
  expect(response.headers.location).toBe('https://advertiser.example/');
  const [beacon] = await house.records('ad-beacon');
  const minuteEnds = ((beacon?.event.minute ?? 0) + 1) * 60_000;
  expect(beacon?.event.expires_at).toBe(minuteEnds + house.config.clickTokenLifeMs);
});

test('a click in VAST is told beside the page that the player opens, and leads to no second one', async () => {
  const { body: vast } = await house.api.app.inject('/api/v2/vast?pod_duration=30&user_id=u&country=US');
  expect(vast).toContain('<ClickThrough><![CDATA[https://advertiser.example/]]>');
  const [, url = ''] = /<ClickTracking><!\[CDATA\[(.*?)\]\]>/.exec(vast) ?? [];
  for (const each of [url, url.replace(/\.[^.&]+&/, '.AAAAAAAAAAAAAAAAAAAAAAAA&')]) {
    const { statusCode, headers } = await get(each);
    expect([statusCode, headers['content-type'], headers.location]).toEqual([200, 'image/gif', undefined]);
  }
  expect((await house.records('ad-beacon')).map(({ event }) => event.event)).toEqual(['click']);
});

test('repeated and expired beacons are logged like any other: the workers judge them', async () => {
  const tracking = await served();
  await get(tracking.start);
  await get(tracking.start);
  const tokens = tokensOfHouse();
  const old = `/api/v2/beacons/complete?t=${tokens.sign('complete', tokens.facts(facts({ expires_at: 1, partition: 2 })))}`;
  expect((await get(old)).statusCode).toBe(200);
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => event.event).sort()).toEqual(['complete', 'start', 'start']);
  expect(beacons.find(({ event }) => event.event === 'complete')?.partition).toBe(2);
  expect(await house.metric('beacons_total', 'outcome="accepted"')).toBe(2);
  expect(await house.metric('beacons_total', 'outcome="expired"')).toBe(1);
});

test('a beacon signed for another event, by nobody, or garbled gets the same gif, and only a metric', async () => {
  const tracking = await served();
  const genuine = await get(tracking.mute);
  const stolen = tracking.start?.replace('/start?', '/complete?');
  const strange = new Tokens([{ id: 'k1', secret: 'x'.repeat(32) }]);
  const forged = `/api/v2/beacons/impression?t=${strange.sign('impression', strange.facts(facts({})))}`;
  const answers = await Promise.all([
    get(stolen),
    get(forged),
    get('/api/v2/beacons/impression?t=nonsense'),
    get('/api/v2/beacons/impression'),
    get('/api/v2/beacons/danced?t=a.b.c'),
  ]);
  for (const answer of answers) {
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload.equals(genuine.rawPayload)).toBe(true);
  }
  expect(await house.records('ad-beacon')).toHaveLength(1);
  expect(await house.metric('beacons_total', 'forged')).toBe(2);
  expect(await house.metric('beacons_total', 'garbled')).toBe(2);
  expect(await house.metric('beacons_total', 'unknown_event')).toBe(1);
});

test('impossible values and macros left as they are do not stop a beacon', async () => {
  const tracking = await served();
  await get(
    tracking.error?.replace('cb=[CACHEBUSTING]', `cb=${'c'.repeat(100)}`),
    '&at=-5&view_ms=soon&viewability=180',
  );
  const [beacon] = await house.records('ad-beacon');
  expect(beacon?.event).toMatchObject({
    client_at: null,
    view_ms: null,
    viewability_percentage: null,
    error_code: null,
  });
  expect(beacon?.event.cachebuster).toBe('c'.repeat(64));
  expect(await house.metric('beacon_fields_ignored_total')).toBe(3);
});

test('a batch takes URLs and fields side by side and answers how many came', async () => {
  const tracking = await served();
  const t = new URL(tracking.start ?? '').searchParams.get('t');
  const url = tracking.impression?.replace('[CACHEBUSTING]', 'cb-9');
  const response = await sendBatch({
    beacons: [{ url }, { event: 'start', t, cb: 'cb-8', view_ms: 10 }, { event: 'complete', t }],
  });
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({ received: 3, outcomes: ['taken', 'taken', 'taken'], errors: [] });
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => [event.event, event.cachebuster, event.view_ms])).toEqual([
    ['impression', 'cb-9', null],
    ['start', 'cb-8', 10],
  ]);
});

test('of a parameter that comes twice the first counts, in a batch as in a GET', async () => {
  const tracking = await served();
  const url = `${tracking.start?.replace('[CACHEBUSTING]', 'cb-1')}&t=a.b.c&cb=cb-2&view_ms=1&view_ms=2`;
  await sendBatch({ beacons: [{ url }] });
  await get(url);
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => [event.event, event.cachebuster, event.view_ms])).toEqual([
    ['start', 'cb-1', 1],
    ['start', 'cb-1', 1],
  ]);
});

test.each([
  ['no beacons', { beacons: [] }],
  ['too many', { beacons: Array.from({ length: 101 }, () => ({ url: 'u' })) }],
  ['a beacon that is none', { beacons: [{ cb: 'x' }] }],
  ['no list', { beacons: 'all' }],
])('a batch of %s is refused with a problem', async (_, payload) => {
  const response = await sendBatch(payload);
  expect(response.statusCode).toBe(400);
  expect(response.headers['content-type']).toContain('application/problem+json');
});

test('a bad item of a batch is refused by itself, by its place', async () => {
  const tracking = await served();
  const response = await sendBatch({
    beacons: [{ cb: 'x' }, { url: tracking.start }, 7, { event: 'start', t: 'forged' }],
  });
  expect(response.statusCode).toBe(202);
  const { received, outcomes, errors } = response.json();
  expect([received, outcomes]).toEqual([2, ['refused', 'taken', 'refused', 'taken']]);
  expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/beacons/0', '/beacons/2']);
  expect(await house.records('ad-beacon')).toHaveLength(1);
});

test('whatever JSON stands in the fields of an item, it counts, and so do the others of its batch', async () => {
  const tracking = await served();
  const t = new URL(tracking.progress ?? '').searchParams.get('t');
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom({ toString: 1 }, [{ valueOf: null }], [['1']], -0, 1e308));
  const item = fc.record(
    { cb: odd, at: odd, view_ms: odd, viewability: odd, audio: odd, code: odd, offset: odd },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 100 }), async (items) => {
      const before = (await house.metric('beacons_total', 'outcome="accepted"')) ?? 0;
      const response = await sendBatch({ beacons: items.map((each) => ({ ...each, event: 'progress', t })) });
      expect([response.statusCode, response.json().received]).toEqual([202, items.length]);
      expect(await house.metric('beacons_total', 'outcome="accepted"')).toBe(before + items.length);
    }),
    { numRuns: 30, examples: [[[{ cb: 1 }, { offset: { toString: 1 } }]]] },
  );
});

test('while the log is away a genuine beacon is to be sent again, and a forged one is answered alike', async () => {
  const tracking = await served();
  house.away.log = true;
  const response = await get(tracking.impression);
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBeDefined();
  const forged = await get('/api/v2/beacons/impression?t=a.b.c');
  expect([forged.statusCode, forged.body]).toEqual([response.statusCode, response.body]);
  house.away.log = false;
  expect((await get(tracking.impression)).statusCode).toBe(200);
});

test('every kind of beacon has a URL and comes into the log under its name', async () => {
  const tracking = await served();
  expect(Object.keys(tracking)).toEqual(beaconEvents.slice(0, 20));
  for (const event of Object.keys(tracking)) await get(tracking[event]);
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => event.event).sort()).toEqual(Object.keys(tracking).sort());
});

test('progress says of which offset it is, in seconds or as a playhead; what lies outside of the ad is ignored', async () => {
  const tracking = await served();
  const at = (offset: string) => get(tracking.progress?.replace('[ADPLAYHEAD]', encodeURIComponent(offset)));
  for (const offset of ['0', '5.004321', '00:00:10.500', '0:00:30', '31', '-1', 'soon', '[ADPLAYHEAD]'])
    await at(offset);
  const beacons = await house.records('ad-beacon');
  expect(beacons.map(({ event }) => event.offset_seconds)).toEqual([0, 5, 10, 30, null, null, null, null]);
});

test('genuine, forged, expired and garbled beacons are answered with the same status, headers and body', async () => {
  const tracking = await served();
  const tokens = tokensOfHouse();
  const old = tokens.sign('start', tokens.facts(facts({ expires_at: 1 })));
  const urls = [tracking.start, tracking.start, `/api/v2/beacons/start?t=${old}`, '/api/v2/beacons/start?t=x.y.z'];
  const answers = [];
  for (const url of [...urls, tracking.start?.replace('/start', '/midpoint')]) {
    const { statusCode, headers, body } = await get(url);
    answers.push(JSON.stringify([statusCode, { ...headers, date: '' }, body]));
  }
  expect(new Set(answers).size).toBe(1);
  expect(await house.metric('beacons_total', 'outcome="expired"')).toBe(1);
});

test('a click goes to the creative’s page whether or not its signature holds, and nowhere that the URL names', async () => {
  const tracking = await served();
  const forged = tracking.click?.replace(/\.[^.&]+&/, '.AAAAAAAAAAAAAAAAAAAAAAAA&');
  const tokens = tokensOfHouse();
  const evil = tokens.facts(facts({ click_through: 'javascript:alert(1)' }));
  const strange = new Tokens([{ id: 'k1', secret: 'x'.repeat(32) }]);
  const elsewhere = strange.facts(facts({ click_through: 'https://evil.example/' }));
  const answers = [
    await get(tracking.click, '&to=https://evil.example/&url=//evil.example'),
    await get(forged),
    await get(`/api/v2/beacons/click?t=${tokens.sign('click', evil)}`),
    await get(`/api/v2/beacons/click?t=${strange.sign('click', elsewhere)}`),
  ];
  expect(answers.map(({ statusCode, headers }) => [statusCode, headers.location])).toEqual([
    [302, 'https://advertiser.example/'],
    [302, 'https://advertiser.example/'],
    [200, undefined],
    [200, undefined],
  ]);
  expect((await house.records('ad-beacon')).filter(({ event }) => event.event === 'click')).toHaveLength(2);
});

function tokensOfHouse(): Tokens {
  return new Tokens(withSecrets(house.config).tokenKeys ?? []);
}

function facts(given: Partial<Parameters<Tokens['facts']>[0]>): Parameters<Tokens['facts']>[0] {
  const token = {
    partition: 0,
    viewer: 'v',
    request_id: 'r',
    reservation: testId(),
    campaign: testId(),
    creative: testId(),
    advertiser: testId(),
    position: 1,
    duration_seconds: 30,
    pricing_model: 'cpm',
    price_micros: 1,
    minute: 1,
    expires_at: 2,
    click_expires_at: 2,
    identities: [],
    country: null,
    device_type: null,
    click_through: null,
    ...given,
  };
  return token;
}
