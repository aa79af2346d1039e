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
    { conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US', 'Atlantis'] }] },
    { conditions: [{ dimension: 'days_of_week', mode: 'include', values: [8] }] },
  ];
  const refused = await desk.ask(manager, 'PUT', `${campaign}/targeting`, { rules }, any);
  expect(refused.status).toBe(422);
  expect(refused.body.errors.map(({ pointer }) => pointer)).toEqual([
    '/rules/0/conditions/0/values/1',
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
