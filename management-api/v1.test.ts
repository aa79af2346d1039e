import bcrypt from 'bcryptjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDesk, type Said, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let token: string;

beforeAll(async () => {
  desk = await openTestDesk();
  token = tokenOf(await register('ann@mvp.example'));
});

afterAll(() => desk?.close());

const password = 'tv-ads-2024';
const register = (email: string, more: object = {}) =>
  desk.ask(null, 'POST', '/api/v1/auth/register', { email, password, ...more });
const tokenOf = ({ body }: Said) => body.access_token as string;
const pointers = ({ body }: Said) => body.errors.map(({ pointer }) => pointer);

const flight = { name: 'Autumn', start_date: '2026-10-01', end_date: '2026-12-01T12:00:00Z' };
const campaign = async (fields: object = {}) =>
  await desk.ask(token, 'POST', '/api/v1/campaigns', { ...flight, ...fields });

test('a stranger registers, is logged in, and sees nothing of anybody else', async () => {
  const made = await register('Bob@MVP.example', { name: 'Bob' });
  expect(made).toMatchObject({
    status: 201,
    body: { user: { email: 'bob@mvp.example', name: 'Bob', role: 'manager' } },
  });
  await campaign();
  expect(await desk.ask(tokenOf(made), 'GET', '/api/v1/campaigns')).toMatchObject({
    status: 200,
    body: { campaigns: [], total: 0 },
  });
  const again = await register('bob@mvp.EXAMPLE');
  expect([again.status, pointers(again)]).toEqual([409, ['/email']]);
});

test.each([
  [{ email: 'nobody' }, '/email'],
  [{ password: 'short' }, '/password'],
  [{ name: 'a\u0007' }, '/name'],
  [{ role: 'admin' }, '/role'],
])('a registration with %j is refused with its place', async (fields, pointer) => {
  const said = await register('carl@mvp.example', fields);
  expect([said.status, pointers(said)]).toEqual([400, [pointer]]);
});

test('of two who register one address at once, one gets it', async () => {
  const both = await Promise.all([register('twice@mvp.example'), register('Twice@mvp.example')]);
  expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
});

test('where registration is closed, nobody registers', async () => {
  Object.assign(desk.parts, { registration: 'closed' });
  expect(await register('dora@mvp.example')).toMatchObject({ status: 403, body: { title: 'Registration is closed' } });
  Object.assign(desk.parts, { registration: 'open' });
});

test('a profile is read and changed by its user, until they log out; a key has none', async () => {
  const { body } = await register('eve@mvp.example');
  const eve = body.access_token as string;
  expect(await desk.ask(eve, 'PUT', '/api/v1/auth/profile', { name: 'Eve' })).toMatchObject({ body: { name: 'Eve' } });
  const read = await desk.ask(eve, 'GET', '/api/v1/auth/profile');
  expect(read).toMatchObject({ status: 200, body: { email: 'eve@mvp.example', name: 'Eve', role: 'manager' } });
  const refreshed = await desk.ask(null, 'POST', '/api/v1/auth/refresh', { refresh_token: body.refresh_token });
  expect((await desk.ask(tokenOf(refreshed), 'GET', '/api/v1/auth/profile')).status).toBe(200);
  await desk.ask(null, 'POST', '/api/v1/auth/logout', { refresh_token: refreshed.body.refresh_token });
  expect((await desk.ask(tokenOf(refreshed), 'GET', '/api/v1/auth/profile')).status).toBe(401);
  const key = await desk.key(await desk.organisation('Keys'), 'admin');
  expect((await desk.ask(key, 'GET', '/api/v1/auth/profile')).status).toBe(403);
  expect((await desk.ask(null, 'GET', '/api/v1/auth/profile')).status).toBe(401);
});

test("a user of the MVP logs in with the old password, whose hash is ours from then on; capitals tell the MVP's addresses apart", async () => {
  const hashes = await Promise.all(['first secret', 'other secret'].map((each) => bcrypt.hash(each, 4)));
  await desk.parts.desk.system((sql) =>
    sql.query(
      `INSERT INTO users (email, password_hash) VALUES ('old@mvp.example', $1), ('Old@mvp.example', $2)`,
      hashes,
    ),
  );
  const login = (email: string, secret: string) =>
    desk.ask(null, 'POST', '/api/v1/auth/login', { email, password: secret });
  expect((await login('old@mvp.example', 'other secret')).status).toBe(401);
  for (let round = 0; round < 2; round++) {
    expect((await login('old@mvp.example', 'first secret')).status).toBe(200);
    expect((await login('Old@mvp.example', 'other secret')).status).toBe(200);
  }
  const { rows } = await desk.parts.desk.system((sql) =>
    sql.query<{ password_hash: string }>(`SELECT password_hash FROM users WHERE LOWER(email) = 'old@mvp.example'`),
  );
  expect(rows.map((row) => row.password_hash.slice(0, 10))).toEqual(['$argon2id$', '$argon2id$']);
});

test('a campaign of v1 may name its advertiser; those that never do share one', async () => {
  const { body: acme } = await desk.ask(token, 'POST', '/api/v2/advertisers', { name: 'Acme' });
  const [first, second] = [await campaign(), await campaign()];
  expect(second.body.advertiser_id).toBe(first.body.advertiser_id);
  const own = await campaign({ advertiser_id: acme.id });
  expect([own.status, own.body.advertiser_id]).toEqual([201, acme.id]);
  const moved = await desk.ask(token, 'PATCH', `/api/v1/campaigns/${first.body.id}`, { advertiser_id: acme.id });
  expect([moved.status, moved.body.advertiser_id]).toEqual([200, acme.id]);
  expect((await desk.ask(token, 'GET', `/api/v2/campaigns/${first.body.id}`)).body).toMatchObject({
    advertiser_id: acme.id,
    advertiser_name: 'Acme',
  });
  const stranger = tokenOf(await register('zoe@mvp.example'));
  const { body: theirs } = await desk.ask(stranger, 'POST', '/api/v2/advertisers', { name: 'Theirs' });
  for (const refused of [
    await campaign({ advertiser_id: theirs.id }),
    await desk.ask(token, 'PATCH', `/api/v1/campaigns/${first.body.id}`, { advertiser_id: theirs.id }),
  ]) {
    expect([refused.status, pointers(refused)]).toEqual([422, ['/advertiser_id']]);
  }
});

test('a campaign of v1 is created, read, changed, started, and is the same campaign in v2', async () => {
  const made = await campaign({ description: 'x', budget_total: '1000.10', cpm_rate: 12.345, cpc_rate: 0.5 });
  expect(made).toMatchObject({
    status: 201,
    body: {
      name: 'Autumn',
      status: 'draft',
      budget_total: 1000.1,
      start_date: '2026-10-01T00:00:00.000Z',
      end_date: '2026-12-01T12:00:00.000Z',
      pricing_model: 'cpm',
      cpm_rate: 12.345,
      cpc_rate: 0.5,
      cpv_rate: null,
    },
  });
  const { user } = (await desk.ask(null, 'POST', '/api/v1/auth/login', { email: 'ann@mvp.example', password })).body;
  expect(made.body.created_by).toBe((user as { id: string }).id);
  const path = `campaigns/${made.body.id}`;
  const v2 = await desk.ask(token, 'GET', `/api/v2/${path}`);
  expect(v2.body).toMatchObject({
    total_budget_micros: 1_000_100_000,
    pricing: { model: 'cpm', rate_micros: 12_345_000 },
    advertiser_name: 'Advertiser of the MVP',
  });
  const changed = await desk.ask(token, 'PUT', `/api/v1/${path}`, { name: 'Winter', pricing_model: 'cpc' });
  expect(changed.body).toMatchObject({
    name: 'Winter',
    description: 'x',
    pricing_model: 'cpc',
    cpc_rate: 0.5,
    cpm_rate: 12.345,
  });
  const started = await desk.ask(token, 'PATCH', `/api/v1/${path}/status`, { status: 'active' });
  expect(started).toMatchObject({ status: 200, body: { status: 'active', name: 'Winter' } });
  expect((await desk.ask(token, 'GET', `/api/v2/${path}`)).body).toMatchObject({
    status: 'active',
    pricing: { model: 'cpc', rate_micros: 500_000 },
    version: 3,
  });
  await desk.ask(
    token,
    'PATCH',
    `/api/v2/${path}`,
    { name: 'By v2', total_budget_micros: 5_000_001 },
    { 'if-match': '*' },
  );
  expect((await desk.ask(token, 'GET', `/api/v1/${path}`)).body).toMatchObject({
    name: 'By v2',
    budget_total: 5.000001,
  });
});

test('a campaign of v1 that goes back to a pricing model has the price that it had last, whoever gave it', async () => {
  const { body } = await campaign({ cpm_rate: 10 });
  const v1 = async (fields: object) => (await desk.ask(token, 'PATCH', `/api/v1/campaigns/${body.id}`, fields)).body;
  const v2 = async (model: string, rate_micros: number) => {
    const pricing = { pricing: { model, rate_micros } };
    const said = await desk.ask(token, 'PATCH', `/api/v2/campaigns/${body.id}`, pricing, { 'if-match': '*' });
    expect(said.status).toBe(200);
  };
  await v2('cpm', 20_000_000);
  expect(await v1({ pricing_model: 'cpc', cpc_rate: 0.5 })).toMatchObject({ cpm_rate: 20, cpc_rate: 0.5 });
  expect(await v1({ pricing_model: 'cpm' })).toMatchObject({ cpm_rate: 20, cpc_rate: 0.5 });
  expect((await desk.ask(token, 'GET', `/api/v2/campaigns/${body.id}`)).body.pricing).toEqual({
    model: 'cpm',
    rate_micros: 20_000_000,
  });
  // By v2 alone, and as fine and as much as only v2 takes them.
  await v2('cpc', 123_457);
  await v2('cpm', 1_000_000_000_000_000);
  await v2('cpv', 1);
  expect(await v1({ pricing_model: 'cpc' })).toMatchObject({ cpc_rate: 0.123457, cpm_rate: 1e9, cpv_rate: 0.000001 });
  expect(await v1({ pricing_model: 'cpm' })).toMatchObject({ cpc_rate: 0.123457, cpm_rate: 1e9 });
  expect(await v1({ pricing_model: 'cpv', cpv_rate: null })).toMatchObject({ cpv_rate: 0, cpm_rate: 1e9 });
});

test('a campaign that nobody pays for is a house ad until it has a price', async () => {
  const made = await campaign();
  const tier = async () => (await desk.ask(token, 'GET', `/api/v2/campaigns/${made.body.id}`)).body.tier;
  expect([made.body.cpm_rate, await tier()]).toEqual([0, 'house']);
  await desk.ask(token, 'PUT', `/api/v1/campaigns/${made.body.id}`, { cpm_rate: 2 });
  expect(await tier()).toBe('standard');
});

test.each([
  [{ budget_total: 0 }, '/budget_total'],
  [{ budget_total: -1 }, '/budget_total'],
  [{ budget_total: '1.005' }, '/budget_total'],
  [{ budget_total: 'much' }, '/budget_total'],
  [{ budget_total: 2 ** 53 }, '/budget_total'],
  [{ cpm_rate: 0.0004 }, '/cpm_rate'],
  [{ pricing_model: 'cpv', cpv_rate: '1000000' }, '/cpv_rate'],
  [{ pricing_model: 'flat' }, '/budget_total'],
  [{ end_date: '2026-09-01' }, '/end_date'],
  [{ start_date: '2026-02-30' }, '/start_date'],
  [{ start_date: '1999-02-03' }, '/start_date'],
  [{ start_date: 'soon' }, '/start_date'],
  [{ name: '' }, '/name'],
  [{ status: 'paused' }, '/status'],
  [{ budget_spent: 3 }, '/budget_spent'],
])('%j is refused with its place, in the words of v1, and nothing is written', async (fields, pointer) => {
  const before = await desk.ask(token, 'GET', '/api/v1/campaigns');
  const said = await campaign(fields);
  expect([400, 422]).toContain(said.status);
  expect(pointers(said)).toEqual([pointer]);
  expect(JSON.stringify(said.body)).not.toMatch(/_micros|starts_at|ends_at/);
  expect((await desk.ask(token, 'GET', '/api/v1/campaigns')).body.total).toBe(before.body.total);
});

test('a status that cannot follow is refused, a draft is deleted, what has served is not', async () => {
  const { body } = await campaign({ cpm_rate: 1 });
  const path = `/api/v1/campaigns/${body.id}`;
  expect(pointers(await desk.ask(token, 'PUT', `${path}/status`, { status: 'paused' }))).toEqual(['/status']);
  expect(pointers(await desk.ask(token, 'PUT', `${path}/status`, {}))).toEqual(['/status']);
  await desk.ask(token, 'PUT', `${path}/status`, { status: 'active' });
  expect((await desk.ask(token, 'DELETE', path)).status).toBe(409);
  const draft = await campaign();
  expect((await desk.ask(token, 'DELETE', `/api/v1/campaigns/${draft.body.id}`)).status).toBe(204);
  expect((await desk.ask(token, 'GET', `/api/v1/campaigns/${draft.body.id}`)).status).toBe(404);
});

test('a draft that the MVP counted impressions for is kept, and so are its creatives: 409 and not a failure', async () => {
  const { body } = await campaign();
  const creative = '00000000-0000-7000-8000-00000000c001';
  await desk.parts.desk.system(async (sql) => {
    await sql.query(`INSERT INTO creatives (id, campaign_id, name, duration) VALUES ($1, $2, 'c', 30)`, [
      creative,
      body.id,
    ]);
    await sql.query('INSERT INTO impressions (campaign_id, creative_id) VALUES ($1, $2)', [body.id, creative]);
  });
  for (const path of [
    `/api/v1/campaigns/${body.id}`,
    `/api/v2/campaigns/${body.id}`,
    `/api/v2/creatives/${creative}`,
  ]) {
    expect(await desk.ask(token, 'DELETE', path, undefined, { 'if-match': '*' }), path).toMatchObject({ status: 409 });
  }
});

test('pages hold every campaign once, newest first; another organisation reaches none of them', async () => {
  const key = await desk.key(await desk.organisation('Paged'), 'manager');
  for (let n = 0; n < 5; n++) await desk.ask(key, 'POST', '/api/v1/campaigns', { ...flight, name: `P${n}` });
  const seen: string[] = [];
  for (let page = 1; page <= 3; page++) {
    const { body } = await desk.ask(key, 'GET', `/api/v1/campaigns?limit=2&page=${page}&status=draft`);
    expect(body.total).toBe(5);
    seen.push(...(body.campaigns as { name: string }[]).map(({ name }) => name));
  }
  expect(seen).toEqual(['P4', 'P3', 'P2', 'P1', 'P0']);
  expect((await desk.ask(key, 'GET', '/api/v1/campaigns?page=9')).body).toMatchObject({ campaigns: [], total: 5 });
  expect(pointers(await desk.ask(key, 'GET', '/api/v1/campaigns?page=0'))).toEqual(['/page']);
  const { body } = await campaign();
  for (const [method, path, sent] of [
    ['GET', '', undefined],
    ['PUT', '', { name: 'Stolen' }],
    ['PATCH', '/status', { status: 'active' }],
    ['DELETE', '', undefined],
  ] as const) {
    expect((await desk.ask(key, method, `/api/v1/campaigns/${body.id}${path}`, sent)).status, method).toBe(404);
  }
});
