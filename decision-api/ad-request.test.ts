import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { openHouse, type TestHouse, testCampaign, testCreative } from './test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const plansExample = {
  request_id: 'uuid',
  pod_duration: 90,
  max_ads: 3,
  user: { id: 'hashed_id', age: 35, gender: 'male' },
  device: { type: 'smart_tv', brand: 'samsung', os: 'tizen' },
  content: { category: 'sports', rating: 'PG' },
  geo: { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' },
};

test("the plan's example body is answered with a full pod, in order, with tracking URLs, and stands in the log", async () => {
  house = await openHouse([testCampaign(), testCampaign(), testCampaign(), testCampaign()]);
  const { status, json } = await house.post(plansExample);

  expect(status).toBe(200);
  expect(json.request_id).toBe('uuid');
  expect(json.pod.ads.map((ad) => [ad.position, ad.start_seconds])).toEqual([
    [1, 0],
    [2, 30],
    [3, 60],
  ]);
  expect(json.pod.filled_seconds).toBe(90);
  expect(json.no_fill_reason).toBeNull();
  expect(json.warnings).toEqual([]);
  expect(json.pod.ads[0]?.tracking.impression).toMatch(
    new RegExp(`^${house.api.url}/api/v2/beacons/impression\\?t=[\\w-]+\\.[\\w-]+\\.[\\w-]+&cb=\\[CACHEBUSTING\\]$`),
  );
  expect(json.pod.ads[0]?.tracking.error).toContain('&code=[ERRORCODE]');

  const [record, ...others] = await house.records('ad-request');
  expect(others).toEqual([]);
  expect(record?.event.ads.map((ad) => ad.reservation)).toEqual(json.pod.ads.map((ad) => ad.ad_id));
  expect(record?.event.context).toMatchObject({ country: 'US', region: 'US-CA', dma: '803', age: 35 });
  expect(record?.event.candidates.map((each) => each.outcome).sort()).toEqual(['lost', 'won', 'won', 'won']);
  expect(JSON.stringify(record?.event)).not.toContain('hashed_id');
});

test('a repeated request_id gets the same answer, and the log gets the same bytes again', async () => {
  house = await openHouse([testCampaign({ goalImpressions: 100 })]);
  const first = await house.post(plansExample);
  const reordered = Object.fromEntries(Object.entries(plansExample).reverse());
  const second = await house.post(reordered);

  expect(second).toEqual(first);
  const records = await house.records('ad-request');
  expect(records).toHaveLength(2);
  expect(records[0]?.value.equals(records[1]?.value as Buffer)).toBe(true);
});

test('retries at the same moment all get one decision', async () => {
  house = await openHouse([testCampaign({ goalImpressions: 1 })]);
  const { post } = house;
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(plansExample)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.json.pod.ads).toHaveLength(1);
});

test('the same request_id with another body is refused with 409', async () => {
  house = await openHouse([testCampaign()]);
  await house.post(plansExample);
  const { status, json } = await house.post({ ...plansExample, pod_duration: 60 });
  expect(status).toBe(409);
  expect(json.errors[0]?.pointer).toBe('/request_id');
  expect(await house.metric('requests_total', 'conflict')).toBe(1);
});

test.each([
  ['cut off', '{"pod_duration": 60', 400, undefined],
  ['empty', '', 400, undefined],
  ['a list', '[]', 400, ''],
  ['without a length', '{}', 400, '/pod_duration'],
  ['of length 0', { pod_duration: 0 }, 400, '/pod_duration'],
  ['of negative length', { pod_duration: -30 }, 400, '/pod_duration'],
  ['longer than an hour', { pod_duration: 3601 }, 400, '/pod_duration'],
  ['of a length in words', { pod_duration: 'ninety' }, 400, '/pod_duration'],
  ['of no ads', { pod_duration: 60, max_ads: 0 }, 400, '/max_ads'],
  ['of too many ads', { pod_duration: 60, max_ads: 31 }, 400, '/max_ads'],
  ['of more ads at least than at most', { pod_duration: 60, max_ads: 2, min_ads: 3 }, 400, '/min_ads'],
  ['of a break of an unknown pod', { breaks: [{ pod_duration: 30 }, { pod: { id: 'no' } }] }, 422, '/breaks/1/pod/id'],
  ['of a pod beside breaks', { pod_duration: 30, breaks: [{ pod_duration: 30 }] }, 400, '/pod_duration'],
  [
    'of one break twice',
    {
      breaks: [
        { id: 'a', pod_duration: 9 },
        { id: 'a', pod_duration: 9 },
      ],
    },
    400,
    '/breaks/1/id',
  ],
  ['of no breaks', { breaks: [] }, 400, '/breaks'],
  [
    'of lengths that never fit',
    { pod_duration: 30, pod: { allowed_durations: [15, 60] } },
    400,
    '/pod/allowed_durations/1',
  ],
  ['whose user is a text', { pod_duration: 60, user: 'somebody' }, 400, '/user'],
  ['of an unknown pod', { pod: { name: 'nowhere' } }, 422, '/pod/name'],
  [
    'not UTF-8',
    Buffer.concat([Buffer.from('{"request_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    400,
    undefined,
  ],
  ['of a megabyte', `{"pod_duration":60,"x":"${'x'.repeat(1_000_000)}"}`, 413, undefined],
  [
    'nested a hundred thousand deep',
    `{"request_id":"r","pod_duration":60,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    400,
    undefined,
  ],
  ['whose id is half a character', '{"request_id":"\\ud800","pod_duration":60}', 400, '/request_id'],
])('a request %s is refused with a problem, counted, and never a 5xx', async (_, body, status, pointer) => {
  house = await openHouse([testCampaign()]);
  const answer = await house.post(body);
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(answer.json.errors?.[0]?.pointer).toBe(pointer);
  expect(await house.metric('bad_requests_total')).toBe(1);
  expect(await house.metric('requests_total', status === 413 ? 'too_large' : 'bad_request')).toBe(1);
});

test.each([undefined, 'text/plain', 'application/json; charset=utf-8', 'nonsense'])(
  'a body is read as JSON whatever its content type says (%s)',
  async (type) => {
    house = await openHouse([testCampaign()]);
    const headers = type === undefined ? {} : { 'content-type': type };
    const payload = Buffer.from('{"pod_duration":30}');
    const response = await house.api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload, headers });
    expect(response.statusCode).toBe(type === 'nonsense' ? 415 : 200);
  },
);

test.each(['gzip', 'br', 'x-gzip', 'identity', 'UTF-8'])(
  'a body is not unpacked: with Content-Encoding %s',
  async (encoding) => {
    house = await openHouse([testCampaign()]);
    const text = Buffer.from('{"pod_duration":30}');
    const payload = encoding === 'gzip' ? gzipSync(text) : text;
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const response = await house.api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload, headers });
    const isRead = encoding === 'identity' || encoding === 'UTF-8';
    expect(response.statusCode).toBe(isRead ? 200 : 415);
    if (!isRead) expect(response.json()).toMatchObject({ status: 415, title: 'Compressed body' });
  },
);

test('what is said and cannot be read is named in warnings; what says nothing is not', async () => {
  house = await openHouse([]);
  const pointers = async (body: object) => {
    const { json } = await (house as TestHouse).post({ pod_duration: 30, ...body });
    return json.warnings.map(({ pointer }) => pointer);
  };
  const said = { geo: { country: 'Narnia', region: 'CA', dma: '12' }, user: { time_zone: 'Mars/Olympus' } };
  expect(await pointers(said)).toEqual(['/geo/country', '/geo/region', '/geo/dma', '/user/time_zone']);
  const read = { geo: { country: 'USA', region: 'CA', dma: 803 }, user: { time_zone: 'US/Pacific' } };
  expect(await pointers(read)).toEqual([]);
  expect(await pointers({ geo: { country: 'unknown', region: '', dma: '-1' }, user: { time_zone: ' ' } })).toEqual([]);
});

test('what is null is not said, but for rules of a pod that null switches off', async () => {
  house = await openHouse([testCampaign()]);
  const nothing = { geo: null, user: null, session: null, break: null, breaks: null, consent: null, format: null };
  const { status, json } = await house.post({
    request_id: null,
    pod_duration: 30,
    max_ads: null,
    ...nothing,
    device: { type: 'tv', os: null, ip: null, lmt: null },
    content: { category: null },
    pod: { name: null, min_separation_seconds: null, allowed_durations: null },
    vast: { version: null },
  });
  expect([status, json.pod?.ads.length, json.warnings]).toEqual([200, 1, []]);
  expect((await house.post({ pod_duration: 30, geo: { dma: null, country: 'US' } })).status).toBe(200);
  const stream = await house.post({ breaks: [{ id: null, pod_duration: 30, pod: null }], colour: null });
  expect([stream.status, stream.json.warnings.map(({ pointer }) => pointer)]).toEqual([200, ['/colour']]);
  for (const wrong of [null, { pod_duration: null }, { breaks: [null] }]) {
    expect((await house.post(JSON.stringify(wrong))).status).toBe(400);
  }
});

test('unknown fields are ignored, named in warnings, and counted', async () => {
  house = await openHouse([testCampaign()]);
  const { status, json } = await house.post({ pod_duration: 60, favourite_colour: 'teal', device: { smell: 'new' } });
  expect(status).toBe(200);
  expect(json.pod.ads).toHaveLength(1);
  expect(json.warnings.map((warning) => warning.pointer)).toEqual(['/favourite_colour', '/device/smell']);
  expect(await house.metric('unknown_fields_total')).toBe(2);
});

test.each(['__proto__', 'constructor'])('a field named %s is one more unknown field', async (name) => {
  house = await openHouse([testCampaign()]);
  const { status, json } = await house.post(`{"pod_duration":60,"${name}":{"prototype":{"max_ads":0}}}`);
  expect(status).toBe(200);
  expect(json.warnings.map((warning) => warning.pointer)).toEqual([`/${name}`]);
});

test('a pod kept by name brings its rules, and the request may override them', async () => {
  const pod = {
    id: testCreative().id,
    version: 1,
    name: 'prime time',
    durationSeconds: 60,
    minAds: 1,
    maxAds: 1,
    competitiveSeparation: true,
    minSeparationSeconds: 30,
    allowDuplicateAdvertisers: false,
    objective: 'fill_rate' as const,
  };
  house = await openHouse([testCampaign(), testCampaign()], { pods: [pod] });
  expect((await house.post({ pod: { name: 'prime time' } })).json.pod).toMatchObject({
    duration_seconds: 60,
    filled_seconds: 30,
  });
  expect((await house.post({ pod: { id: pod.id }, max_ads: 2 })).json.pod.filled_seconds).toBe(60);
});

test('no campaigns: a valid pod without ads, and the reason', async () => {
  house = await openHouse([]);
  const { status, json } = await house.post({ pod_duration: 60 });
  expect(status).toBe(200);
  expect(json.pod.ads).toEqual([]);
  expect(json.no_fill_reason).toBe('no_campaigns');
});

test('explain names every campaign with its slot or the one reason why it has none', async () => {
  const won = testCampaign();
  const rule = {
    id: testCreative().id,
    conditions: [{ dimension: 'geo_countries' as const, mode: 'include' as const, values: ['DE'] }],
  };
  const campaigns: [string, ReturnType<typeof testCampaign>][] = [
    ['won', won],
    ['targeting', testCampaign({ targeting: [rule] })],
    ['not_active', testCampaign({ status: 'paused' })],
    ['not_started', testCampaign({ startsAt: 8e15 })],
    ['ended', testCampaign({ endsAt: 1 })],
    ['no_creative', testCampaign({ creatives: [testCreative({ status: 'inactive' })] })],
    ['too_long', testCampaign({ creatives: [testCreative({ durationSeconds: 61 })] })],
    ['no_identity', testCampaign({ caps: [{ scope: 'household', creativeId: null, windowSeconds: 3600, max: 1 }] })],
    [
      'lost',
      testCampaign({
        advertiserId: won.advertiserId,
        pricing: { ...won.pricing, priceMicros: 1_000 as typeof won.pricing.priceMicros },
      }),
    ],
  ];
  house = await openHouse(campaigns.map(([, campaign]) => campaign));
  const { json } = await house.post({ pod_duration: 60, user: { id: 'u' }, geo: { country: 'US' } }, '?explain=1');
  const outcomes = new Map(json.explain.campaigns.map((each) => [each.campaign_id, each.outcome]));
  expect(campaigns.map(([, { id }]) => outcomes.get(id))).toEqual(campaigns.map(([outcome]) => outcome));
});
