import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let manager: string;
let foreign: string;

beforeAll(async () => {
  desk = await openTestDesk();
  manager = await desk.key(await desk.organisation('Ours'), 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'manager');
});

afterAll(() => desk?.close());

async function advertiser(key = manager, name = 'Acme'): Promise<string> {
  const { status, body } = await desk.ask(key, 'POST', '/api/v2/advertisers', { name });
  expect(status).toBe(201);
  return body.id;
}

async function flight(fields: object = {}) {
  return {
    name: 'Spring',
    advertiser_id: await advertiser(),
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
    ...fields,
  };
}

test('a campaign is created, read back, changed with its version, and found by its name', async () => {
  const made = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight({ description: 'two\nlines' }));
  expect(made.status).toBe(201);
  expect(made.headers).toMatchObject({ etag: '"1"', location: `/api/v2/campaigns/${made.body.id}` });
  expect(made.body).toMatchObject({ status: 'draft', description: 'two\nlines', pricing: { rate_micros: 12_000_000 } });
  const path = `/api/v2/campaigns/${made.body.id}`;
  const changed = await desk.ask(manager, 'PATCH', path, { status: 'active' }, { 'if-match': '"1"' });
  expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { status: 'active', name: 'Spring' } });
  expect(changed.body.warnings).toMatchObject([{ pointer: '/creatives' }]);
  const { warnings: _, ...shown } = changed.body;
  const found = await desk.ask(manager, 'GET', '/api/v2/campaigns?name=PRIN&status=active');
  expect(found.body.items).toEqual([{ ...shown, updated_at: expect.any(String) }]);
});

test('a lost update is refused, and so is a write that names no version', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight());
  const path = `/api/v2/campaigns/${body.id}`;
  expect(await desk.ask(manager, 'PATCH', path, { name: 'A' }, { 'if-match': '"1"' })).toMatchObject({ status: 200 });
  expect(await desk.ask(manager, 'PATCH', path, { name: 'B' }, { 'if-match': '"1"' })).toMatchObject({ status: 412 });
  expect(await desk.ask(manager, 'PATCH', path, { name: 'B' })).toMatchObject({ status: 428 });
  expect(await desk.ask(manager, 'GET', path)).toMatchObject({ body: { name: 'A', version: 2 } });
});

test('another organisation sees nothing of it: not listed, not read, not changed, its advertiser not used', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight());
  const path = `/api/v2/campaigns/${body.id}`;
  expect((await desk.ask(foreign, 'GET', '/api/v2/campaigns')).body.items).toEqual([]);
  for (const [method, sent] of [
    ['GET', undefined],
    ['PATCH', { name: 'Stolen' }],
    ['DELETE', undefined],
  ] as const) {
    expect(await desk.ask(foreign, method, path, sent, { 'if-match': '*' })).toMatchObject({ status: 404 });
  }
  const borrowed = await desk.ask(foreign, 'POST', '/api/v2/campaigns', await flight());
  expect(borrowed).toMatchObject({ status: 422, body: { errors: [{ pointer: '/advertiser_id' }] } });
  expect((await desk.ask(manager, 'GET', path)).body.name).toBe('Spring');
});

test.each([
  [{ ends_at: '2026-11-01T00:00:00Z' }, '/ends_at'],
  [{ time_zone: 'Europe/Atlantis' }, '/time_zone'],
  [{ pricing: { model: 'cpm', rate_micros: 1_500 } }, '/pricing/rate_micros'],
  [{ pricing: { model: 'flat', rate_micros: 0 } }, '/total_budget_micros'],
  [{ daily_budget_micros: 2, total_budget_micros: 1 }, '/daily_budget_micros'],
  [{ total_budget_micros: 0 }, '/total_budget_micros'],
  [{ total_budget_micros: -1 }, '/total_budget_micros'],
  [{ total_budget_micros: 2 ** 53 }, '/total_budget_micros'],
  [{ name: 'a\u0007b' }, '/name'],
  [{ name: '  ' }, '/name'],
  [{ name: '\ud800' }, '/name'],
  [{ starts_at: 'tomorrow' }, '/starts_at'],
  [{ unknown: 1 }, '/unknown'],
])('%j is refused with its place, and nothing is written', async (fields, pointer) => {
  const before = await desk.ask(manager, 'GET', '/api/v2/campaigns?limit=500');
  const { status, body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight(fields));
  expect([400, 422]).toContain(status);
  expect(body.errors.map((each) => each.pointer)).toContain(pointer);
  expect((await desk.ask(manager, 'GET', '/api/v2/campaigns?limit=500')).body).toEqual(before.body);
});

test('a repeated POST with one Idempotency-Key makes one campaign; the key for another request is refused', async () => {
  const sent = await flight({ name: 'Once' });
  const key = { 'idempotency-key': 'order-7' };
  const first = await desk.ask(manager, 'POST', '/api/v2/campaigns', sent, key);
  const second = await desk.ask(manager, 'POST', '/api/v2/campaigns', sent, key);
  expect(second).toMatchObject({ status: 201, body: first.body, headers: { location: first.headers.location } });
  const other = await desk.ask(manager, 'POST', '/api/v2/campaigns', { ...sent, name: 'Twice' }, key);
  expect(other.status).toBe(422);
  const found = await desk.ask(manager, 'GET', '/api/v2/campaigns?name=Once');
  expect(found.body.items).toHaveLength(1);
});

test('a creative of v1 is made once for one Idempotency-Key; where no answer is kept, a key is refused', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight({ name: 'Once' }));
  const creatives = `/api/v1/campaigns/${body.id}/creatives`;
  const key = { 'idempotency-key': 'spot-1' };
  const spot = { name: 'Spot', video_url: 'https://cdn.example/a.mp4', duration: 30 };
  const first = await desk.ask(manager, 'POST', creatives, spot, key);
  const again = await desk.ask(manager, 'POST', creatives, spot, key);
  expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id]);
  const admin = await desk.key(await desk.organisation('Admins'), 'admin');
  const path = '/api/v2/api-keys';
  const refused = [
    await desk.ask(admin, 'POST', path, { name: 'x', scopes: ['campaigns:read'] }, key),
    await desk.ask(manager, 'POST', `${creatives}/upload-url`, {}, key),
  ];
  expect(refused.map(({ status }) => status)).toEqual([400, 400]);
  expect((await desk.ask(admin, 'GET', path)).body.items).toHaveLength(1);
  const form = { ...key, 'content-type': 'multipart/form-data; boundary=b', authorization: `Bearer ${manager}` };
  const payload = '--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nx\r\n--b--\r\n';
  expect((await desk.app.inject({ method: 'POST', url: creatives, headers: form, payload })).json().title).toMatch(
    'No Idempotency-Key here',
  );
});

test('pages hold every campaign once, in order, also when some are added meanwhile; a cursor fits one list', async () => {
  const key = await desk.key(await desk.organisation('Pages'), 'manager');
  const id = await advertiser(key);
  for (let n = 0; n < 7; n++) {
    await desk.ask(key, 'POST', '/api/v2/campaigns', { ...(await flight()), advertiser_id: id, name: `C${n % 3}` });
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const at: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await desk.ask(key, 'GET', `/api/v2/campaigns?sort=name&limit=2${at}`);
    const page = body as unknown as { items: { id: string; name: string }[]; next_cursor: string | null };
    seen.push(...page.items.map((item) => `${item.name} ${item.id}`));
    cursor = page.next_cursor;
    if (cursor !== null) {
      expect((await desk.ask(key, 'GET', `/api/v2/campaigns?sort=-name&cursor=${cursor}`)).status).toBe(400);
    }
  } while (cursor !== null);
  expect(new Set(seen).size).toBe(7);
  expect(seen.map((one) => one.slice(0, 2))).toEqual(['C0', 'C0', 'C0', 'C1', 'C1', 'C2', 'C2']);
});

test('each change is in the audit and in the outbox; the chain of hashes holds', async () => {
  const { body } = await desk.ask(manager, 'POST', '/api/v2/campaigns', await flight({ name: 'Watched' }));
  await desk.ask(manager, 'PATCH', `/api/v2/campaigns/${body.id}`, { status: 'active' }, { 'if-match': '"1"' });
  const [entries, outbox] = await desk.parts.desk.system(async (sql) => [
    (
      await sql.query<{ entry: string }>('SELECT entry FROM audit_log WHERE resource_id = $1 ORDER BY sequence', [
        body.id,
      ])
    ).rows,
    (await sql.query<{ version: string }>('SELECT version FROM outbox WHERE id = $1 ORDER BY sequence', [body.id]))
      .rows,
  ]);
  expect(entries.map(({ entry }) => JSON.parse(entry)).map(({ action, after }) => [action, after.status])).toEqual([
    ['create', 'draft'],
    ['update', 'active'],
  ]);
  expect(outbox.map(({ version }) => version)).toEqual(['1', '2']);
});

test('the audit cannot be changed, not even by the owner of the tables', async () => {
  await expect(desk.parts.desk.system((sql) => sql.query('UPDATE audit_log SET entry = $1', ['x']))).rejects.toThrow(
    /append-only/,
  );
});

test('without a key 401, with too small a one 403; a document lists the paths', async () => {
  expect((await desk.ask(null, 'GET', '/api/v2/campaigns')).status).toBe(401);
  expect(
    (await desk.ask('bw_000000000000_0000000000000000000000000000000000000000000', 'GET', '/api/v2/campaigns')).status,
  ).toBe(401);
  const player = await desk.key(await desk.organisation('Players'), 'player');
  expect((await desk.ask(player, 'GET', '/api/v2/campaigns')).status).toBe(403);
  const { body } = await desk.ask(null, 'GET', '/api/v2/openapi.json');
  expect(Object.keys(body.paths)).toContain('/api/v2/campaigns/{id}');
});

test('the document lists headers that are asked and told, both ways to say who asks, and the form of a file', async () => {
  const { body } = await desk.ask(null, 'GET', '/api/v2/openapi.json');
  const { paths, components } = body as unknown as Document;
  const headersOf = (method: string, path: string) =>
    (paths[path]?.[method]?.parameters ?? [])
      .filter((each) => each.in === 'header')
      .map(({ name, required = false }) => [name, required]);
  expect(headersOf('patch', '/api/v2/campaigns/{id}')).toEqual([['If-Match', true]]);
  expect(headersOf('post', '/api/v2/campaigns/{id}/targeting')).toEqual([
    ['If-Match', false],
    ['Idempotency-Key', false],
  ]);
  expect(headersOf('post', '/api/v2/api-keys')).toEqual([]);
  const made = paths['/api/v2/campaigns']?.post?.responses;
  expect(Object.keys(made?.['201']?.headers ?? {})).toEqual(
    expect.arrayContaining(['ETag', 'Location', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset']),
  );
  expect(Object.keys(made?.['429']?.headers ?? {})).toEqual(['Retry-After']);
  expect(components.securitySchemes).toMatchObject({ key: { scheme: 'bearer' }, header: { name: 'X-Api-Key' } });
  const content = paths['/api/v1/campaigns/{id}/creatives']?.post?.requestBody?.content ?? {};
  expect(content).toMatchObject({
    'application/json': { schema: { properties: { name: {} } } },
    'multipart/form-data': { schema: { properties: { name: {}, file: { contentMediaType: 'video/mp4' } } } },
  });
});

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object };
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>;
}
