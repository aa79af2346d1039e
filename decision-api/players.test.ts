import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse;

const hls = testCreative({
  durationSeconds: 15,
  universalAdId: { registry: 'ad-id.org', value: 'ABCD1234000H' },
  media: [
    {
      url: 'https://cdn.example/hls.m3u8',
      type: 'application/x-mpegURL',
      delivery: 'streaming',
      width: 1920,
      height: 1080,
      bitrateKbps: null,
    },
  ],
});
const tag = testCreative({ durationSeconds: 15, media: [], vastTagUrl: 'https://ads.example/vast?cb=[CACHEBUSTING]' });
const plain = testCreative({ name: 'Plain & <simple> ]]>' });

beforeAll(async () => {
  house = await openHouse([plain, hls, tag].map((creative) => testCampaign({ creatives: [creative] })));
});
afterAll(() => house?.close());

const reader = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'Ad' || name === 'vmap:AdBreak' });

interface Ad {
  readonly '@_id': string;
  readonly '@_sequence'?: string;
  readonly InLine?: Record<string, unknown>;
  readonly Wrapper?: Record<string, unknown>;
}

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await house.api.app.inject({ method: 'GET', url, headers });
  const xml = response.headers['content-type']?.toString().includes('xml');
  const read = xml ? reader.parse(response.body) : JSON.parse(response.body);
  return { ...response, read, status: response.statusCode };
}

const adsOf = (read: { VAST: { Ad?: readonly Ad[] } }) => read.VAST.Ad ?? [];

test('a pod of VAST: files and a third party’s tag in order, in the version that is asked for', async () => {
  const { read, headers, status } = await get('/api/v2/vast?pod_duration=60&max_ads=4&version=4.1');
  expect(status).toBe(200);
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/xml; charset=utf-8' });
  expect(read.VAST).toMatchObject({ '@_version': '4.1', '@_xmlns': 'http://www.iab.com/VAST' });
  const ads = adsOf(read);
  expect(ads.map((ad) => ad['@_sequence'])).toEqual(['1', '2', '3']);
  expect(ads.filter((ad) => ad.Wrapper).map((ad) => ad.Wrapper?.VASTAdTagURI)).toEqual([tag.vastTagUrl]);
  expect(ads.flatMap((ad) => ad.InLine?.AdTitle ?? [])).toContain('Plain & <simple> ]]>');
});

test.each([
  [{ accept: 'application/vast+xml; version=3.0' }, '3.0'],
  [{}, '4.2'],
])('the version by Accept %j is %s', async (headers, version) => {
  const { read } = await get('/api/v2/vast', headers);
  expect(read.VAST['@_version']).toBe(version);
  expect(adsOf(read)).toHaveLength(1);
});

test('creatives and files keep their ids and URLs; only what is of the decision differs', async () => {
  const [one, two] = [await get('/api/v2/vast?pod_duration=60'), await get('/api/v2/vast?pod_duration=60')];
  const still = (body: string) =>
    body
      .replaceAll(/t=[\w.-]+/g, 't=')
      .replaceAll(/<Ad id="[^"]*"/g, '<Ad')
      .replaceAll(/<AdServingId>[^<]*/g, '')
      .replaceAll(/<Expires>\d+/g, '');
  expect(still(one.body)).toBe(still(two.body));
  expect(one.body).not.toBe(two.body);
});

test('what players call things: macros that are not filled in are not said', async () => {
  const query = [
    ['pod_duration', '30.03'],
    ['session_id', '[session.id]'],
    ['rdid', '11111111-2222-3333-4444-555555555555'],
    ['is_lat', '0'],
    ['ROKU_ADS_CONTENT_GENRE', 'ROKU_ADS_CONTENT_GENRE'],
    ['correlator', '7'],
  ] as const;
  const { status } = await get(`/api/v2/vast?${new URLSearchParams(query as never)}&request_id=macros`);
  expect(status).toBe(200);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'macros');
  expect(record?.event).toMatchObject({ dialect: 'vast', requested_seconds: 30, session: null });
  expect(record?.event.context.content_genre).toBeNull();
});

test.each([
  ['/api/v2/vast?pod_duration=abc', '/pod_duration'],
  ['/api/v2/vast?pod_duration=99999', '/pod_duration'],
  ['/api/v2/vast?version=9', '/vast/version'],
  ['/api/v2/vmap?breaks=soon', '/breaks'],
  ['/api/v2/vast?lmt=perhaps', '/lmt'],
  ['/api/v2/vast?gpp_sid=7,x', '/gpp_sid'],
])('%s is refused with a pointer to %s', async (url, pointer) => {
  const { status, read, headers } = await get(url);
  expect(status).toBe(400);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(read.errors).toMatchObject([{ pointer }]);
});

test('VMAP tells a whole stream, places as they were said', async () => {
  const { read } = await get(
    '/api/v2/vmap?breaks=pre,90.5,50%25,post&content_duration=600&pod_duration=15&session_id=s1',
  );
  const breaks = read['vmap:VMAP']['vmap:AdBreak'];
  expect(breaks.map((each: Record<string, string>) => each['@_timeOffset'])).toEqual([
    'start',
    '00:01:30.500',
    '50%',
    'end',
  ]);
  expect(breaks[0]['vmap:AdSource']['vmap:VASTAdData'].VAST.Ad).toHaveLength(1);
});

const outcomes = async (event: string) =>
  Promise.all(
    ['accepted', 'forged', 'garbled'].map((outcome) =>
      house.metric('beacons_total', `event="${event}",outcome="${outcome}"`),
    ),
  );

test('a break’s trackers are signed, counted by what became of them, and of no ad: the log holds nothing of them', async () => {
  const { read } = await get('/api/v2/vmap?breaks=start&pod_duration=15&request_id=b');
  const [{ 'vmap:TrackingEvents': told }] = read['vmap:VMAP']['vmap:AdBreak'];
  const tracked: readonly Record<string, string>[] = told['vmap:Tracking'];
  expect(tracked.map((each) => each['@_event'])).toEqual(['breakStart', 'breakEnd', 'error']);
  const [begin = '', end = '', error = ''] = tracked.map((each) => each['#text']);
  const call = async (url: string) => {
    const { statusCode, headers } = await house.api.app.inject({ method: 'GET', url });
    return [statusCode, headers['content-type']];
  };
  const logged = (await house.records('ad-beacon')).length;
  const before = await outcomes('breakStart');
  for (const url of [begin, begin.replace(/.(?=&cb)/, '!'), begin.replace('breakStart', 'impression'), end, error]) {
    expect(await call(url)).toEqual([200, 'image/gif']);
  }
  // Signed for its end, it is no sign of its beginning; an ad's token is none at all.
  await call(end.replace('breakEnd', 'breakStart'));
  const { json } = await house.post({ pod_duration: 15 });
  await call((json.pod.ads[0]?.tracking.impression ?? '').replace('impression', 'breakStart'));
  const after = await outcomes('breakStart');
  expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([1, 2, 1]);
  expect((await house.records('ad-beacon')).length).toBe(logged);
});

test('an empty document tells where to say so, from 4.0 on', async () => {
  const { read } = await get('/api/v2/vast?pod_duration=5');
  const before = await outcomes('breakError');
  expect(read.VAST.Error).toContain('/api/v2/beacons/breakError?t=');
  await house.api.app.inject({ method: 'GET', url: read.VAST.Error.replace('[ERRORCODE]', '303') });
  expect((await outcomes('breakError'))[0]).toBe((before[0] ?? 0) + 1);
  expect((await get('/api/v2/vast?pod_duration=5&version=3.0')).read.VAST.Error).toBeUndefined();
});

test('an asset list has HLS alone, and its trackers count', async () => {
  const { read } = await get('/api/v2/asset-list?pod_duration=60&request_id=list');
  expect(read.ASSETS).toMatchObject([
    {
      URI: 'https://cdn.example/hls.m3u8',
      DURATION: 15,
      'X-AD-CREATIVE-SIGNALING': {
        version: 2,
        type: 'slot',
        payload: [{ type: 'linear', identifiers: [{ scheme: 'ad-id.org', value: 'ABCD1234000H' }] }],
      },
    },
  ]);
  const [slot] = read.ASSETS[0]['X-AD-CREATIVE-SIGNALING'].payload;
  for (const event of ['impression', 'click']) {
    const { urls } = slot.tracking.find(({ type }: { type: string }) => type === event);
    expect((await house.api.app.inject({ method: 'GET', url: urls[0] })).statusCode).toBe(200);
  }
  const beacons = (await house.records('ad-beacon')).filter(({ event }) => event.request_id === 'list');
  expect(beacons.map(({ event }) => event.event)).toEqual(['impression', 'click']);
});

test('POST with a format answers in it; a repetition gets the same ads, in another dialect a 409', async () => {
  const body = {
    request_id: 'again',
    pod_duration: 60,
    format: 'vast',
    vast: { version: '3.0' },
    pod: { backup_ads: 1, max_ads: 2 },
  };
  const send = (payload: object) =>
    house.api.app.inject({
      method: 'POST',
      url: '/api/v2/ad-request',
      payload,
      headers: { 'content-type': 'application/json' },
    });
  const [first, second] = [await send(body), await send(body)];
  expect(second.body).toBe(first.body);
  const ads = adsOf(reader.parse(first.body));
  expect(ads.map((ad) => ad['@_sequence'])).toEqual(['1', '2', undefined]);
  expect((await send({ ...body, format: 'json' })).statusCode).toBe(409);
});

test('JSON never holds a tag that its player could not follow', async () => {
  const { json } = await house.post({ pod_duration: 60 });
  expect(json.pod.ads.map(({ creative_id }) => creative_id)).not.toContain(tag.id);
  expect(json.pod.ads).toHaveLength(2);
});

test.each([1e15, 1e308, -1])('a break at %f s is in no stream, and is refused', async (offset) => {
  const { status, json } = await house.post({ breaks: [{ offset, pod_duration: 15 }] });
  expect([status, json.errors.map(({ pointer }) => pointer)]).toEqual([400, ['/breaks/0/offset']]);
});

test('a caller deep in wrappers is given no more of them', async () => {
  const { read } = await get('/api/v2/vast?pod_duration=60&wrapper_depth=5');
  expect(adsOf(read).filter((ad) => ad.Wrapper)).toEqual([]);
  expect(adsOf(read)).toHaveLength(2);
});

test('an empty pod is a valid document and says why', async () => {
  const { read, headers } = await get('/api/v2/vast?pod_duration=5');
  expect(adsOf(read)).toEqual([]);
  expect(read.VAST['@_version']).toBe('4.2');
  expect(headers['breakwater-no-fill']).toBe('no_eligible_campaigns');
});

test.each([
  ['/api/v2/vast?version=2.0', 0],
  ['/api/v2/vast?version=3.0', 1],
  ['/api/v2/asset-list?version=4.2', 0],
])('%s: %i backups are held, as many as are told', async (url, held) => {
  const request = `spare ${url}`;
  const { status } = await get(
    `${url}&pod_duration=30&max_ads=1&backup_ads=1&request_id=${encodeURIComponent(request)}`,
  );
  expect(status).toBe(200);
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === request);
  expect(record?.event.backups).toHaveLength(held);
});

test('a player of interstitials names its session in the words of HLS', async () => {
  await get('/api/v2/asset-list?pod_duration=30&_HLS_primary_id=primary&_HLS_start_offset=4.5&request_id=primary');
  const [record] = (await house.records('ad-request')).filter(({ event }) => event.request_id === 'primary');
  expect(record?.event.session).not.toBeNull();
});

test('a break that is over only when today’s tokens have ended is told by a tag, which asks what the stream asked', async () => {
  const inLife = await openHouse([testCampaign({ creatives: [plain] })], {
    environment: { PLAYBACK_SPEED: '1', TOKEN_LIFE: '15m' },
  });
  try {
    const ask = (url: string) => inLife.api.app.inject({ method: 'GET', url, headers: { accept: 'a/b; version=4.1' } });
    const said = 'pmxd=60000&sid=s%26%3C1&correlator=[x]&country=US&request_id=r&vid_d=7200&coppa=0&coppa=1';
    const { body, statusCode } = await ask(`/api/v2/vmap?cue_points=start,600,01:00:00,50%25,%232&${said}`);
    expect(statusCode).toBe(200);
    const breaks: readonly Record<string, Record<string, Record<string, string>>>[] =
      reader.parse(body)['vmap:VMAP']['vmap:AdBreak'];
    const sources = breaks.map((each) => each['vmap:AdSource'] ?? {});
    expect(sources.map((source) => 'vmap:VASTAdData' in source)).toEqual([true, true, false, false, true]);
    const tag = sources[2]?.['vmap:AdTagURI'] ?? {};
    expect(tag['@_templateType']).toBe('vast4');
    const { pathname, search, searchParams } = new URL(tag['#text'] ?? '');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      sid: 's&<1',
      pmxd: '60000',
      country: 'US',
      version: '4.1',
    });
    expect(searchParams.has('cue_points')).toBe(false);
    expect(searchParams.getAll('coppa')).toEqual(['0', '1']);
    const answer = await ask(pathname + search);
    expect(answer.body).toContain('<VAST version="4.1"');
    const requests = (await inLife.records('ad-request')).map(({ event }) => event);
    expect(requests.map(({ request_id }) => request_id)).toEqual(
      expect.arrayContaining(['r/break-1', 'r/break-2', 'r/break-5', 'r/break-3']),
    );
    const told = requests.find(({ request_id }) => request_id === 'r/break-3');
    expect(told).toMatchObject({ break_index: 2, break_offset_ms: 3_600_000, dialect: 'vast' });
    expect(new Set(requests.map(({ session }) => session)).size).toBe(1);
    const long = await ask(`/api/v2/vmap?breaks=7000&pod_duration=60&request_id=${'r'.repeat(128)}`);
    const longTag = new URL(/http[^\]]+/.exec(/AdTagURI.*?AdTagURI/.exec(long.body)?.[0] ?? '')?.[0] ?? '');
    expect((await ask(longTag.pathname + longTag.search)).statusCode).toBe(200);
    const late = await ask('/api/v2/vmap?breaks=7000,7100&pod_duration=60');
    expect(late.body.match(/<vmap:AdTagURI/g)).toHaveLength(2);
    expect(await inLife.records('ad-request')).toHaveLength(5);
  } finally {
    await inLife.close();
  }
});
