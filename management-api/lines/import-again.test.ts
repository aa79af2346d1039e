import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { openTestDesk, type TestDesk } from '../test-desk.ts';

let desk: TestDesk;
let ours: string;
let theirs: string;

beforeAll(async () => {
  desk = await openTestDesk();
  ours = await desk.key(await desk.organisation('Ours'), 'manager');
  theirs = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(() => desk?.close());

async function send(key: string, lines: readonly (object | string)[]) {
  const response = await desk.app.inject({
    method: 'POST',
    url: '/api/v2/campaigns/import',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    payload: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  });
  return { status: response.statusCode, body: JSON.parse(response.body) };
}

async function exported(key: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  return (await desk.app.inject({ method: 'GET', url: '/api/v2/campaigns/export', headers })).body.trim();
}

const any = { 'if-match': '*' };
const id = (n: number) => `0b5e7a52-0000-4000-8000-${String(n).padStart(12, '0')}`;
const plain = {
  name: 'Spring',
  advertiser: { name: 'Acme' },
  starts_at: '2026-12-01T00:00:00.000Z',
  ends_at: '2026-12-31T00:00:00.000Z',
  pricing: { model: 'cpm', rate_micros: 12_000_000 },
};
const spot = {
  name: 'Spot',
  duration_seconds: 30,
  media: [{ url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 }],
};

test('a category is named on its path as the catalog can name it', async () => {
  const line = (letters: number) => ({ ...plain, name: `${letters}`, categories: [{ path: ['x'.repeat(letters)] }] });
  expect((await send(ours, [line(100)])).status).toBe(201);
  const long = await send(ours, [line(101)]);
  expect([long.status, long.body.errors[0].pointer]).toEqual([422, '/categories/0/path/0']);
});

test('ids of a campaign, a creative and an advertiser that are gone stay with whoever had them; others import the lines all the same', async () => {
  const line = {
    ...plain,
    name: 'Gone',
    id: id(1),
    advertiser: { id: id(2), name: 'Gone' },
    creatives: [{ ...spot, id: id(3) }],
  };
  expect((await send(ours, [line])).status).toBe(201);
  const [was] = (await exported(ours)).split('\n').filter((each) => each.includes('"Gone"'));
  for (const path of [`campaigns/${id(1)}`, `advertisers/${id(2)}`]) {
    expect((await desk.ask(ours, 'DELETE', `/api/v2/${path}`, undefined, any)).status).toBe(204);
  }
  expect((await send(theirs, [String(was)])).status).toBe(201);
  const [now] = (await exported(theirs)).split('\n').map((each) => JSON.parse(each));
  expect(now).toMatchObject({ name: 'Gone', advertiser: { name: 'Gone' }, creatives: [{ name: 'Spot' }] });
  expect([now.id, now.advertiser.id, now.creatives[0].id]).not.toEqual(expect.arrayContaining([id(1), id(2), id(3)]));
  expect((await send(ours, [String(was)])).status).toBe(201);
  expect(await exported(ours)).toContain(String(was));
});

test('a campaign that is imported again under its id goes on with its versions, so that deciders take it', async () => {
  const path = `/api/v2/campaigns/${id(4)}`;
  const line = { ...plain, name: 'Back', id: id(4) };
  expect((await send(ours, [line])).status).toBe(201);
  for (const name of ['Back 2', 'Back 3']) await desk.ask(ours, 'PATCH', path, { name }, any);
  expect((await desk.ask(ours, 'DELETE', path, undefined, any)).status).toBe(204);
  expect((await send(ours, [line])).status).toBe(201);
  const told = await desk.parts.desk.system((sql) =>
    sql.query<{ version: string; deleted: boolean }>(
      'SELECT version, document IS NULL AS deleted FROM outbox WHERE id = $1 ORDER BY sequence',
      [id(4)],
    ),
  );
  expect(told.rows.map(({ version, deleted }) => [Number(version), deleted])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
    [5, false],
  ]);
  expect((await desk.ask(ours, 'GET', path)).body.version).toBe(5);
  const audited = await desk.parts.desk.system((sql) =>
    sql.query<{ entry: string }>(
      `SELECT entry FROM audit_log WHERE resource_id = $1 AND action = 'create' ORDER BY sequence`,
      [id(4)],
    ),
  );
  expect(audited.rows.map(({ entry }) => JSON.parse(entry).after.version)).toEqual([1, 5]);
});

test('a creative whose upload failed, or has not ended, is imported as it was exported; an active one needs a file', async () => {
  const bare = { name: 'Bare', duration_seconds: 30, media: [] };
  const creatives = (['failed', 'processing', 'inactive'] as const).map((status) => ({ ...bare, status }));
  expect((await send(ours, [{ ...plain, name: 'Bare', creatives }])).status).toBe(201);
  const [line] = (await exported(ours)).split('\n').filter((each) => each.includes('"Bare"'));
  expect((await send(theirs, [String(line)])).status).toBe(201);
  const shown = await send(theirs, [{ ...plain, name: 'Shown', creatives: [bare] }]);
  expect([shown.status, shown.body.errors[0].pointer]).toEqual([422, '/creatives/0/media']);
});

test('a campaign has no more caps than an import takes, however they are added', async () => {
  const [creatives, frequency_caps] = [[], []] as [object[], object[]];
  for (let n = 0; n < limits.caps; n++) {
    creatives.push({ ...spot, id: id(100 + n) });
    frequency_caps.push({ scope: 'user', creative_id: id(100 + n), window: 'day', max_impressions: 3 });
  }
  expect((await send(ours, [{ ...plain, name: 'Capped', id: id(9), creatives, frequency_caps }])).status).toBe(201);
  const cap = { scope: 'device', window: 'day', max_impressions: 3 };
  expect((await desk.ask(ours, 'POST', `/api/v2/campaigns/${id(9)}/frequency-cap`, cap)).status).toBe(409);
});

test('categories lie no deeper than an import takes, whether they are made there or moved there', async () => {
  const make = async (name: string, parent_category_id: string | null) =>
    await desk.ask(ours, 'POST', '/api/v2/categories', { name, parent_category_id });
  let parent: string | null = null;
  for (let level = 1; level <= limits.categoryLevels; level++) parent = (await make(`L${level}`, parent)).body.id;
  expect(await make('Too deep', parent)).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/parent_category_id' }] },
  });
  const top = (await make('Top', null)).body.id;
  await make('Below', top);
  const { body } = await desk.ask(ours, 'GET', '/api/v2/categories?limit=500');
  const all = body.items as readonly { readonly id: string; readonly name: string }[];
  const last = all.find((each) => each.name === `L${limits.categoryLevels - 1}`);
  const moved = await desk.ask(ours, 'PATCH', `/api/v2/categories/${top}`, { parent_category_id: last?.id }, any);
  expect(moved).toMatchObject({ status: 422, body: { errors: [{ pointer: '/parent_category_id' }] } });
});
