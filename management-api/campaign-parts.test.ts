import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let manager: string;
let foreign: string;
let campaign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
  const advertiser = await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const made = await desk.ask(manager, 'POST', '/api/v2/campaigns', {
    name: 'Spring',
    advertiser_id: advertiser.body.id,
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
  });
  campaign = `/api/v2/campaigns/${made.body.id}`;
});

afterAll(() => desk?.close());

/** The newest document that waits to be relayed. */
async function announced(): Promise<Record<string, unknown>> {
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ document: Record<string, unknown> }>('SELECT document FROM outbox ORDER BY sequence DESC LIMIT 1'),
  );
  return rows[0]?.document ?? {};
}

const any = { 'if-match': '*' };

test('targeting: rules are added, replaced and removed, and each change is announced', async () => {
  const us = { conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }] };
  const night = {
    conditions: [{ dimension: 'day_parts', mode: 'exclude', values: [{ start: '22:00', end: '06:00' }] }],
  };
  expect((await desk.ask(manager, 'POST', `${campaign}/targeting`, us)).status).toBe(201);
  const both = await desk.ask(manager, 'POST', `${campaign}/targeting`, night);
  const rules = both.body.rules as { id: string; conditions: unknown }[];
  expect(rules.map(({ conditions }) => conditions)).toEqual([us.conditions, night.conditions]);
  expect((await announced()).targeting).toEqual(rules);
  const gone = await desk.ask(manager, 'DELETE', `${campaign}/targeting/${rules[0]?.id}`);
  expect(gone.status).toBe(204);
  expect((await desk.ask(manager, 'DELETE', `${campaign}/targeting/${rules[0]?.id}`)).status).toBe(404);
  const all = await desk.ask(manager, 'PUT', `${campaign}/targeting`, { rules: [us, us] }, any);
  expect((all.body.rules as unknown[]).length).toBe(2);
  expect((await desk.ask(manager, 'GET', `${campaign}/targeting`)).body).toEqual(all.body);
});

test('targeting: each value that no request can have is named, and nothing is written', async () => {
  const before = await desk.ask(manager, 'GET', `${campaign}/targeting`);
  const rules = [
    { conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US', 'Atlantis', 'ZZ'] }] },
    { conditions: [{ dimension: 'days_of_week', mode: 'include', values: [8] }] },
  ];
  const refused = await desk.ask(manager, 'PUT', `${campaign}/targeting`, { rules }, any);
  expect(refused.status).toBe(422);
  expect(refused.body.errors.map(({ pointer }) => pointer)).toEqual([
    '/rules/0/conditions/0/values/1',
    '/rules/0/conditions/0/values/2',
    '/rules/1/conditions/0/values/0',
  ]);
  const unknown = { conditions: [{ dimension: 'shoe_sizes', mode: 'include', values: [44] }] };
  expect((await desk.ask(manager, 'POST', `${campaign}/targeting`, unknown)).body.errors).toMatchObject([
    { pointer: '/conditions/0/dimension' },
  ]);
  expect((await desk.ask(manager, 'GET', `${campaign}/targeting`)).body).toEqual(before.body);
});

test('creatives: added, changed, and their caps go with them', async () => {
  const spot = {
    name: 'Spot',
    duration_seconds: 30,
    media: [
      { url: 'https://cdn.example/spot.mp4', type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 },
    ],
    click_through: 'https://acme.example/',
  };
  const made = await desk.ask(manager, 'POST', `${campaign}/creatives`, spot);
  expect(made).toMatchObject({ status: 201, body: { status: 'active', media: [{ bitrate_kbps: null }] } });
  const path = `/api/v2/creatives/${made.body.id}`;
  const changed = await desk.ask(
    manager,
    'PATCH',
    path,
    { duration_seconds: 15 },
    { 'if-match': made.headers.etag as string },
  );
  expect(changed.body).toMatchObject({ duration_seconds: 15, name: 'Spot', click_through: 'https://acme.example/' });
  expect(await announced()).toMatchObject({ creatives: [{ durationSeconds: 15 }] });
  const cap = { scope: 'user', creative_id: made.body.id, window: 'day', max_impressions: 2 };
  expect((await desk.ask(manager, 'POST', `${campaign}/frequency-cap`, cap)).status).toBe(201);
  expect((await desk.ask(foreign, 'GET', path)).status).toBe(404);
  expect((await desk.ask(manager, 'DELETE', path, undefined, any)).status).toBe(204);
  expect((await desk.ask(manager, 'GET', `${campaign}/frequency-cap`)).body).toMatchObject({ caps: [] });
});

test.each([
  'javascript:alert(1)',
  'ftp://cdn.example/a.mp4',
  'https://cdn.example/a b.mp4',
  'https://cdn.example/\r\n',
])('creatives: %j is no URL of a file', async (url) => {
  const media = [{ url, type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }];
  const refused = await desk.ask(manager, 'POST', `${campaign}/creatives`, { name: 'x', duration_seconds: 5, media });
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/media/0/url' }] } });
});

test('creatives: all that may belong to one comes back, is announced, and is taken away by null', async () => {
  const page = { url: 'https://cdn.example/x', type: 'text/html' };
  const drawn = {
    width: 20,
    height: 20,
    resource: { kind: 'static', content: 'https://x.example/i.png', type: 'image/png' },
  };
  const spot = {
    name: 'Full',
    duration_seconds: 30,
    media: [
      {
        url: 'https://cdn.example/m.m3u8',
        type: 'application/x-mpegURL',
        delivery: 'streaming',
        width: 1920,
        height: 1080,
        bitrate_kbps: null,
        codec: 'avc1.640028, mp4a.40.2',
        min_bitrate_kbps: 400,
        max_bitrate_kbps: 8_000,
      },
    ],
    click_through: null,
    interactive: [{ ...page, framework: 'SIMID', variable_duration: true }],
    ad_parameters: '{"a":"]]>"}',
    mezzanines: [{ ...page, type: 'video/mp4', delivery: 'progressive', width: 4096, height: 2160, file_bytes: 9 }],
    captions: [{ url: 'https://cdn.example/c.vtt', type: 'text/vtt', language: 'en' }],
    icons: [{ ...drawn, program: 'AdChoices', x: 'right', y: 0, click_through: 'https://optout.example/' }],
    companions: [{ ...drawn, id: 'c', alt_text: 'Buy', view_trackers: ['https://t.example/v?[TIMESTAMP]'] }],
    verifications: [
      { vendor: 'v.com-omid', url: 'https://v.example/o.js', not_executed_trackers: ['https://v.example/n'] },
    ],
    trackers: [
      { event: 'firstQuartile', url: 'https://t.example/q?c=[CACHEBUSTING]' },
      { event: 'progress', url: 'https://t.example/p', offset_seconds: 5 },
    ],
    universal_ad_id: { registry: 'ad-id.org', value: 'ABCD1234000H' },
    title: 'Title',
    language: 'en-US',
    weight: 3,
    domains: ['acme.example'],
    ad_categories: { taxonomy: 8, ids: ['1002'] },
    attributes: [1],
    skip_after_seconds: 5,
  };
  const made = await desk.ask(manager, 'POST', `${campaign}/creatives`, spot);
  expect(made).toMatchObject({ status: 201, body: spot });
  const { creatives } = (await announced()) as { creatives: { name: string }[] };
  expect(creatives.find(({ name }) => name === 'Full')).toMatchObject({
    trackers: [{ event: 'firstQuartile' }, { event: 'progress', offsetSeconds: 5 }],
    verifications: [{ notExecutedTrackers: ['https://v.example/n'] }],
    media: [{ minBitrateKbps: 400, maxBitrateKbps: 8_000, bitrateKbps: null }],
  });
  const path = `/api/v2/creatives/${made.body.id}`;
  const less = await desk.ask(manager, 'PATCH', path, { icons: null, weight: null }, any);
  expect(less.body).not.toHaveProperty('icons');
  expect(less.body).not.toHaveProperty('weight');
  expect(less.body).toMatchObject({ title: 'Title' });
  const tag = { media: [], interactive: null, vast_tag_url: 'https://ads.example/vast?cb=[CACHEBUSTING]' };
  expect((await desk.ask(manager, 'PATCH', path, tag, any)).body).toMatchObject({ vast_tag_url: tag.vast_tag_url });
  expect((await desk.ask(manager, 'DELETE', path, undefined, any)).status).toBe(204);
});

const media = [{ url: 'https://x.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1, height: 1 }];

test.each([
  ['neither file nor tag', {}, 422, '/media'],
  ['both', { media, vast_tag_url: 'https://ads.example/' }, 422, '/vast_tag_url'],
  [
    'a program alone',
    {
      vast_tag_url: 'https://a.example/',
      interactive: [{ url: 'https://a.example/', type: 'a/b', framework: 'VPAID' }],
    },
    422,
    '/interactive',
  ],
  ['half a range', { media: [{ ...media[0], min_bitrate_kbps: 1 }] }, 422, '/media/0'],
  ['a tag of another scheme', { vast_tag_url: 'ftp://ads.example/' }, 400, '/vast_tag_url'],
  [
    'a tracker of another scheme',
    { media, trackers: [{ event: 'start', url: 'javascript:1' }] },
    400,
    '/trackers/0/url',
  ],
  [
    'a line break in a tracker',
    { media, trackers: [{ event: 'start', url: 'https://a.example/\r\nx' }] },
    400,
    '/trackers/0/url',
  ],
  ['half a pair', { media, title: '\ud800' }, 400, '/title'],
  ['a control character', { media, ad_parameters: 'a\u0000b' }, 400, '/ad_parameters'],
  [
    'a resource of another scheme',
    { media, companions: [{ width: 1, height: 1, resource: { kind: 'iframe', content: 'data:,' } }] },
    422,
    '/companions/0/resource/content',
  ],
  ['an unknown field', { media, icons: [{ program: 'x', colour: 'red' }] }, 400, '/icons/0/colour'],
])('creatives: %s is refused where it stands', async (_, fields, status, pointer) => {
  const refused = await desk.ask(manager, 'POST', `${campaign}/creatives`, {
    name: 'x',
    duration_seconds: 5,
    ...fields,
  });
  expect(refused.status).toBe(status);
  expect(refused.body.errors.map((each) => each.pointer)).toContain(pointer);
});

test('creatives: those that would make the campaign larger than a record may be are refused, and nothing is written', async () => {
  const before = await desk.ask(manager, 'GET', campaign);
  const drawing = { width: 1, height: 1, resource: { kind: 'html', content: 'x'.repeat(99_000) } };
  const creative = { name: 'Heavy', duration_seconds: 5, media, companions: Array(8).fill(drawing) };
  const refused = await desk.ask(manager, 'POST', `${campaign}/creatives`, creative);
  expect([refused.status, refused.body.errors.map(({ pointer }) => pointer)]).toEqual([422, ['']]);
  expect(await desk.ask(manager, 'GET', campaign)).toMatchObject({ body: before.body });
});

test('caps: several stand together; the same twice and those that another makes void are refused', async () => {
  const caps = [
    { scope: 'user', window: 'hour', max_impressions: 2 },
    { scope: 'user', window: 'day', max_impressions: 5 },
    { scope: 'household', window: 'week', max_impressions: 20 },
  ];
  const put = await desk.ask(manager, 'PUT', `${campaign}/frequency-cap`, { caps }, any);
  expect(put.body.caps).toMatchObject(caps);
  for (const cap of [
    caps[0],
    { scope: 'user', window: 'week', max_impressions: 5 },
    { scope: 'user', window: 'month', max_impressions: 0 },
    { scope: 'stream', window: 'week', max_impressions: 9 },
  ]) {
    expect([400, 422]).toContain((await desk.ask(manager, 'POST', `${campaign}/frequency-cap`, cap)).status);
  }
  expect((await desk.ask(manager, 'GET', `${campaign}/frequency-cap`)).body).toEqual(put.body);
});

test('categories: a tree whose ancestors come with the campaign; foreign ones are none', async () => {
  const cars = await desk.ask(manager, 'POST', '/api/v2/categories', { name: 'Vehicles' });
  const suvs = await desk.ask(manager, 'POST', '/api/v2/categories', {
    name: 'SUVs',
    parent_category_id: cars.body.id,
  });
  expect((await desk.ask(manager, 'POST', '/api/v2/categories', { name: 'SUVs' })).status).toBe(409);
  const set = await desk.ask(manager, 'POST', `${campaign}/categories`, { category_ids: [suvs.body.id] });
  expect(set.body.categories).toEqual([{ id: suvs.body.id, name: 'SUVs', ancestors: [cars.body.id] }]);
  const theirs = await desk.ask(foreign, 'POST', '/api/v2/categories', { name: 'Vehicles' });
  expect(theirs.status).toBe(201);
  const borrowed = await desk.ask(manager, 'POST', `${campaign}/categories`, { category_ids: [theirs.body.id] });
  expect(borrowed).toMatchObject({ status: 422, body: { errors: [{ pointer: '/category_ids/0' }] } });
  const under = await desk.ask(manager, 'GET', `/api/v2/categories?under=${cars.body.id}`);
  expect((under.body.items as { name: string }[]).map(({ name }) => name)).toEqual(['SUVs']);
});

test('pods: kept by name, changed with their version, announced, and gone', async () => {
  const made = await desk.ask(manager, 'POST', '/api/v2/pods', { name: 'mid-roll', duration_seconds: 90 });
  expect(made).toMatchObject({ status: 201, body: { max_ads: 6, min_ads: 1, min_separation_seconds: 30, version: 1 } });
  expect(await announced()).toMatchObject({ name: 'mid-roll', durationSeconds: 90, maxAds: 6 });
  const path = `/api/v2/pods/${made.body.id}`;
  const wrong = { name: 'mid-roll', duration_seconds: 60, min_ads: 5, max_ads: 2 };
  expect((await desk.ask(manager, 'PUT', path, wrong, { 'if-match': '"1"' })).status).toBe(422);
  const put = await desk.ask(manager, 'PUT', path, { ...wrong, min_ads: 1 }, { 'if-match': '"1"' });
  expect(put.body).toMatchObject({ version: 2, duration_seconds: 60, max_ads: 2 });
  expect((await desk.ask(manager, 'DELETE', path, undefined, { 'if-match': '"1"' })).status).toBe(412);
  expect((await desk.ask(manager, 'DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204);
  expect((await desk.ask(manager, 'GET', path)).status).toBe(404);
});
