import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKey } from './access/keys.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let organisation: string;
let admin: string;
let manager: string;
let foreign: string;
let advertiser: string;

beforeAll(async () => {
  desk = await openTestDesk();
  organisation = await desk.organisation('Ours');
  admin = await desk.key(organisation, 'admin');
  manager = await desk.key(organisation, 'manager');
  foreign = await desk.key(await desk.organisation('Theirs'), 'admin');
  advertiser = (await desk.ask(manager, 'POST', '/api/v2/advertisers', { name: 'Acme' })).body.id;
});

afterAll(() => desk?.close());

const any = { 'if-match': '*' };

function flight(fields: object = {}) {
  return {
    name: 'Spring',
    advertiser_id: advertiser,
    starts_at: '2026-12-01T00:00:00Z',
    ends_at: '2026-12-31T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 12_000_000 },
    ...fields,
  };
}

async function announced(id: string) {
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ kind: string; document: Record<string, unknown> | null }>(
      'SELECT kind, document FROM outbox WHERE id = $1 ORDER BY sequence DESC LIMIT 1',
      [id],
    ),
  );
  return rows[0];
}

test('no experiment is called as a flag with a percentage, whose arm it would hide; one that is can be stopped', async () => {
  const arms = [{ name: 'a', weight: 1 }];
  const refused = { status: 422, body: { errors: [{ pointer: '/name', detail: expect.stringContaining('flag:') }] } };
  const ask = (method: 'POST' | 'PATCH', path: string, body: unknown) => desk.ask(manager, method, path, body, any);
  expect(await ask('POST', '/api/v2/experiments', { name: 'flag:pods', arms })).toMatchObject(refused);
  const { id } = (await ask('POST', '/api/v2/experiments', { name: 'Flags', arms })).body;
  expect(await ask('PATCH', `/api/v2/experiments/${id}`, { name: 'flag:pods' })).toMatchObject(refused);
  await desk.parts.desk.system((sql) => sql.query(`UPDATE experiments SET name = 'flag:pods' WHERE id = $1`, [id]));
  const stopped = await ask('PATCH', `/api/v2/experiments/${id}`, { status: 'stopped' });
  expect(stopped).toMatchObject({ status: 200, body: { name: 'flag:pods', status: 'stopped' } });
});

test('an experiment is started, changed with its version, announced, and deleted', async () => {
  const arms = [
    { name: 'a', weight: 1 },
    { name: 'b', weight: 3, quality_percent: 0, features: { pods: false } },
  ];
  const made = await desk.ask(manager, 'POST', '/api/v2/experiments', { name: 'Quality', arms });
  expect(made).toMatchObject({ status: 201, body: { status: 'running', arms }, headers: { etag: '"1"' } });
  expect((await announced(made.body.id))?.document).toMatchObject({ arms: [{}, { name: 'b', qualityPercent: 0 }] });
  expect((await desk.ask(manager, 'POST', '/api/v2/experiments', { name: 'Quality', arms })).status).toBe(409);
  const path = `/api/v2/experiments/${made.body.id}`;
  const twice = { arms: [arms[0], arms[0]] };
  expect(await desk.ask(manager, 'PATCH', path, twice, any)).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/arms/1/name' }] },
  });
  expect((await desk.ask(manager, 'PATCH', path, { status: 'stopped' }, { 'if-match': '"7"' })).status).toBe(412);
  const stopped = await desk.ask(manager, 'PATCH', path, { status: 'stopped' }, { 'if-match': '"1"' });
  expect(stopped).toMatchObject({ status: 200, body: { version: 2, status: 'stopped', arms } });
  expect((await desk.ask(foreign, 'GET', path)).status).toBe(404);
  expect((await desk.ask(manager, 'DELETE', path, undefined, any)).status).toBe(204);
  expect(await announced(made.body.id)).toMatchObject({ kind: 'experiment', document: null });
});

test('categories move within their tree, never below themselves, and campaigns that carry them follow', async () => {
  const make = async (name: string, parent_category_id: string | null) =>
    (await desk.ask(manager, 'POST', '/api/v2/categories', { name, parent_category_id })).body.id;
  const food = await make('Food', null);
  const snacks = await make('Snacks', food);
  const crisps = await make('Crisps', snacks);
  const drinks = await make('Drinks', null);
  const campaign = (await desk.ask(manager, 'POST', '/api/v2/campaigns', flight())).body.id;
  await desk.ask(manager, 'POST', `/api/v2/campaigns/${campaign}/categories`, { category_ids: [crisps] });
  const move = (id: string, parent: string | null) =>
    desk.ask(manager, 'PATCH', `/api/v2/categories/${id}`, { parent_category_id: parent }, any);
  for (const below of [food, snacks, crisps]) {
    expect(await move(food, below)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/parent_category_id' }] },
    });
  }
  expect((await move(snacks, 'nowhere')).status).toBe(422);
  expect((await move(snacks, drinks)).status).toBe(200);
  expect((await announced(campaign))?.document).toMatchObject({
    version: 3,
    categories: [{ id: crisps, ancestors: [snacks, drinks] }],
  });
  const tree = await desk.ask(manager, 'GET', `/api/v2/categories/tree?under=${drinks}`);
  expect(tree.body.items).toMatchObject([
    { name: 'Drinks', children: [{ name: 'Snacks', children: [{ name: 'Crisps' }] }] },
  ]);
  expect((await desk.ask(manager, 'DELETE', `/api/v2/categories/${crisps}`, undefined, any)).status).toBe(409);
  expect((await desk.ask(manager, 'DELETE', `/api/v2/categories/${food}`, undefined, any)).status).toBe(204);
  expect((await desk.ask(foreign, 'PATCH', `/api/v2/categories/${drinks}`, { name: 'Mine' }, any)).status).toBe(404);
  expect((await desk.ask(manager, 'PATCH', `/api/v2/categories/${drinks}`, { name: 'Snacks' }, any)).status).toBe(409);
});

test('a pod is changed in part, with all that a pod can ask for', async () => {
  const made = await desk.ask(manager, 'POST', '/api/v2/pods', {
    name: 'Break',
    duration_seconds: 90,
    allowed_durations: [15, 30],
    backup_ads: 2,
  });
  expect(made.body).toMatchObject({ exact_duration: false, separation_scope: 'pod', backup_ads: 2 });
  const path = `/api/v2/pods/${made.body.id}`;
  const changed = await desk.ask(manager, 'PATCH', path, { exact_duration: true, separation_scope: 'stream' }, any);
  expect(changed.body).toEqual({ ...made.body, version: 2, exact_duration: true, separation_scope: 'stream' });
  expect((await announced(made.body.id))?.document).toMatchObject({ exactDuration: true, allowedDurations: [15, 30] });
  expect((await desk.ask(manager, 'PATCH', path, { min_ads: 7 }, any)).status).toBe(422);
});

test('a pod that allows only ads longer than itself is refused, however it comes to be', async () => {
  const short = { name: 'Short', duration_seconds: 30 };
  const pointersOf = ({
    status,
    body,
  }: {
    status: number;
    body: { errors?: readonly { readonly pointer: string }[] };
  }) => [status, body.errors?.map(({ pointer }) => pointer)];
  const made = await desk.ask(manager, 'POST', '/api/v2/pods', { ...short, allowed_durations: [15, 60] });
  expect(pointersOf(made)).toEqual([422, ['/allowed_durations/1']]);
  const kept = await desk.ask(manager, 'POST', '/api/v2/pods', { ...short, allowed_durations: [15, 30] });
  const path = `/api/v2/pods/${kept.body.id}`;
  for (const [method, change] of [
    ['PATCH', { duration_seconds: 20 }],
    ['PATCH', { allowed_durations: [20, 60] }],
    ['PUT', { ...short, allowed_durations: [15, 31] }],
  ] as const) {
    expect(pointersOf(await desk.ask(manager, method, path, change, any))).toEqual([422, ['/allowed_durations/1']]);
  }
  expect((await desk.ask(manager, 'PATCH', path, { duration_seconds: 20, allowed_durations: null }, any)).status).toBe(
    200,
  );
});

test('a campaign is guaranteed, or has its place; lists are filtered and sorted by what they hold', async () => {
  const made = await desk.ask(
    manager,
    'POST',
    '/api/v2/campaigns',
    flight({ name: 'Zeta_%', tier: 'guaranteed', place: 'first' }),
  );
  expect(made.body).toMatchObject({ tier: 'guaranteed', place: 'first' });
  const later = flight({ name: 'Alpha', starts_at: '2027-01-01T00:00:00Z', ends_at: '2027-02-01T00:00:00Z' });
  await desk.ask(manager, 'POST', '/api/v2/campaigns', later);
  const names = async (query: string) => {
    const { body } = await desk.ask(manager, 'GET', `/api/v2/campaigns?${query}`);
    return (body.items as { name: string }[]).map(({ name }) => name);
  };
  expect(await names('tier=guaranteed')).toEqual(['Zeta_%']);
  expect(await names('name=_%25')).toEqual(['Zeta_%']);
  expect(await names('running_at=2027-01-15T00:00:00Z')).toEqual(['Alpha']);
  expect((await names('sort=-ends_at'))[0]).toBe('Alpha');
  expect((await names('sort=name'))[0]).toBe('Alpha');
  expect(await names('pricing_model=cpc')).toEqual([]);
  expect((await desk.ask(manager, 'GET', '/api/v2/campaigns?running_at=2027-99-01T00:00:00Z')).status).toBe(400);
});

test('a change of a part may name the version that it knows, and then a lost one is refused', async () => {
  const { id } = (await desk.ask(manager, 'POST', '/api/v2/campaigns', flight())).body;
  const cap = { scope: 'user', window: 'day', max_impressions: 3 };
  const path = `/api/v2/campaigns/${id}/frequency-cap`;
  expect((await desk.ask(manager, 'POST', path, cap, { 'if-match': '"9"' })).status).toBe(412);
  expect((await desk.ask(manager, 'POST', path, cap, { 'if-match': '"1"' })).status).toBe(201);
});

test('a key has the limit that it was made with, and is told how much is left', async () => {
  const key = await desk.parts.desk.write(organisation, (sql) => {
    const scopes = ['campaigns:read'] as const;
    const id = desk.parts.random.uuid();
    return createKey(sql, { id, name: 'slow', scopes, expiresAt: null, createdBy: null, requestsInMinute: 3 });
  });
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await desk.ask(key, 'GET', '/api/v2/pods'));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(answers[0]?.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' });
  expect(answers[3]?.headers['retry-after']).toMatch(/^\d+$/);
  expect((await desk.ask(manager, 'GET', '/api/v2/pods')).status).toBe(200);
});

test('nobody makes somebody greater than themselves', async () => {
  const scopes = ['users:manage', 'campaigns:read', 'reports:read', 'reports:write'];
  const small = (await desk.ask(admin, 'POST', '/api/v2/api-keys', { name: 'users', scopes })).body.key as string;
  const user = (role: string) => ({ email: `${role}@acme.example`, password: 'correct horse battery', role });
  expect((await desk.ask(small, 'POST', '/api/v2/users', user('admin'))).status).toBe(403);
  const analyst = await desk.ask(small, 'POST', '/api/v2/users', user('analyst'));
  expect(analyst.status).toBe(201);
  const path = `/api/v2/users/${analyst.body.id}`;
  expect((await desk.ask(small, 'PATCH', path, { role: 'operator' }, any)).status).toBe(403);
  expect((await desk.ask(small, 'PATCH', path, { name: 'Ann' }, { 'if-match': '"1"' })).body).toMatchObject({
    version: 2,
    name: 'Ann',
  });
  expect((await desk.ask(admin, 'GET', '/api/v2/users?role=analyst')).body.items).toHaveLength(1);
});

test('who you are is told; another password ends every login with the old one', async () => {
  const user = { email: 'me@acme.example', password: 'correct horse battery', role: 'manager' };
  await desk.ask(admin, 'POST', '/api/v2/users', user);
  const login = (password: string) => desk.ask(null, 'POST', '/api/v2/auth/login', { email: user.email, password });
  const token = (await login(user.password)).body.access_token as string;
  expect((await desk.ask(token, 'GET', '/api/v2/me')).body).toMatchObject({
    organisation_id: organisation,
    user: { email: user.email },
  });
  expect((await desk.ask(manager, 'GET', '/api/v2/me')).body.user).toBe(null);
  const change = (password: string) =>
    desk.ask(token, 'POST', '/api/v2/me/password', { password, new_password: 'another horse battery' });
  expect((await change('wrong')).status).toBe(422);
  expect((await change(user.password)).status).toBe(204);
  expect((await desk.ask(token, 'GET', '/api/v2/me')).status).toBe(401);
  expect((await login(user.password)).status).toBe(401);
  expect((await login('another horse battery')).status).toBe(200);
});

test('the whole chain of the audit is walked: a changed entry, a missing one and a cut end are found', async () => {
  const own = await desk.organisation('Watched');
  const key = await desk.key(own, 'admin');
  for (const name of ['A', 'B', 'C', 'D']) await desk.ask(key, 'POST', '/api/v2/advertisers', { name });
  const verify = async (query = '') => (await desk.ask(key, 'GET', `/api/v2/audit/verify${query}`)).body;
  const good = await verify();
  expect(good).toMatchObject({ intact: true, entries: 4, broken: null });
  const { sequence, hash } = good.head as { sequence: number; hash: string };
  expect(await verify(`?known_sequence=${sequence}&known_hash=${hash}`)).toMatchObject({ intact: true });
  expect(await verify(`?known_sequence=2&known_hash=${hash}`)).toMatchObject({ broken: { sequence: 2 } });
  const meddle = (statement: string) =>
    desk.parts.desk.system(async (sql) => {
      await sql.query('ALTER TABLE audit_log DISABLE TRIGGER audit_log_is_append_only');
      await sql.query(statement, [own]);
      await sql.query('ALTER TABLE audit_log ENABLE TRIGGER audit_log_is_append_only');
    });
  await meddle('DELETE FROM audit_log WHERE organisation_id = $1 AND sequence = 4');
  expect(await verify()).toMatchObject({ intact: true, entries: 3 });
  expect(await verify(`?known_sequence=4&known_hash=${hash}`)).toMatchObject({ intact: false });
  await meddle(`UPDATE audit_log SET actor = 'system' WHERE organisation_id = $1 AND sequence = 3`);
  expect(await verify()).toMatchObject({ intact: false, broken: { sequence: 3 } });
  await meddle('DELETE FROM audit_log WHERE organisation_id = $1 AND sequence = 1');
  expect(await verify()).toMatchObject({ intact: false, broken: { sequence: 2, why: 'entry 1 is missing' } });
});
