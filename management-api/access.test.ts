import { afterAll, beforeAll, expect, test } from 'vitest';
import { roles, scopesOf } from './access/roles.ts';
import { routes } from './routes/index.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let organisation: string;
let admin: string;

beforeAll(async () => {
  desk = await openTestDesk();
  organisation = await desk.organisation('Ours');
  admin = await desk.key(organisation, 'admin');
});

afterAll(() => desk?.close());

const any = { 'if-match': '*' };
const password = 'correct horse battery';

test('every route refuses every role without its scope, and nobody without a key', async () => {
  let refused = 0;
  for (const role of roles) {
    const key = await desk.key(organisation, role);
    for (const { method, path, scope } of routes) {
      if (scope === null || scope === 'any' || scopesOf[role].includes(scope)) continue;
      const url = path.replace(/:\w+/g, '00000000-0000-7000-8000-000000000000');
      expect((await desk.ask(key, method, url)).status, `${role} ${method} ${path}`).toBe(403);
      expect((await desk.ask(null, method, url)).status, `nobody ${method} ${path}`).toBe(401);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(50);
});

test('a key is shown once, works until it is revoked or expires, and gives no more than its maker has', async () => {
  const made = await desk.ask(admin, 'POST', '/api/v2/api-keys', { name: 'reader', scopes: ['campaigns:read'] });
  const key = made.body.key as string;
  expect((await desk.ask(key, 'GET', '/api/v2/campaigns')).status).toBe(200);
  const listed = await desk.ask(admin, 'GET', '/api/v2/api-keys');
  expect(JSON.stringify(listed.body)).not.toContain(key.slice(20));
  expect((await desk.ask(admin, 'DELETE', `/api/v2/api-keys/${made.body.id}`)).status).toBe(204);
  expect((await desk.ask(key, 'GET', '/api/v2/campaigns')).status).toBe(401);
  const past = { name: 'old', scopes: ['campaigns:read'], expires_at: '2020-01-01T00:00:00Z' };
  expect((await desk.ask(admin, 'POST', '/api/v2/api-keys', past)).status).toBe(422);
  const small = await desk.ask(admin, 'POST', '/api/v2/api-keys', { name: 'k', scopes: ['keys:manage'] });
  const greedy = await desk.ask(small.body.key as string, 'POST', '/api/v2/api-keys', {
    name: 'g',
    scopes: ['users:manage'],
  });
  expect(greedy.status).toBe(403);
});

test('a login gives tokens that work, a refresh turns them, and logging out ends them at once', async () => {
  const user = { email: 'Ann@Acme.example', password, role: 'manager' };
  expect((await desk.ask(admin, 'POST', '/api/v2/users', user)).status).toBe(201);
  expect((await desk.ask(null, 'POST', '/api/v2/auth/login', { email: user.email, password: 'wrong' })).status).toBe(
    401,
  );
  expect((await desk.ask(null, 'POST', '/api/v2/auth/login', { email: 'nobody@x.example', password })).status).toBe(
    401,
  );
  const first = await desk.ask(null, 'POST', '/api/v1/auth/login', { email: 'ann@acme.example', password });
  expect((await desk.ask(first.body.access_token as string, 'GET', '/api/v2/campaigns')).status).toBe(200);
  const second = await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: first.body.refresh_token });
  expect(second.status).toBe(200);
  await desk.ask(null, 'POST', '/api/v2/auth/logout', { refresh_token: second.body.refresh_token });
  for (const token of [first.body.access_token, second.body.access_token]) {
    expect((await desk.ask(token as string, 'GET', '/api/v2/campaigns')).status).toBe(401);
  }
});

test('an address that the MVP had in capitals is its user’s alone: nobody of any organisation takes it in other letters', async () => {
  await desk.parts.desk.system((sql) =>
    sql.query(`INSERT INTO users (email, password_hash) VALUES ('Bob@Mvp.example', 'none')`),
  );
  const user = { email: 'bob@mvp.example', password, role: 'analyst' };
  expect(await desk.ask(admin, 'POST', '/api/v2/users', user)).toMatchObject({
    status: 409,
    body: { errors: [{ pointer: '/email' }] },
  });
  const other = await desk.key(await desk.organisation('Others'), 'admin');
  const both = await Promise.all(
    [admin, other].map((key, at) =>
      desk.ask(key, 'POST', '/api/v2/users', { ...user, email: at === 0 ? 'Two@acme.example' : 'two@ACME.example' }),
    ),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
});

test('a refresh token that is used twice ends the whole login: one of the two was stolen', async () => {
  await desk.ask(admin, 'POST', '/api/v2/users', { email: 'bob@acme.example', password, role: 'analyst' });
  const login = await desk.ask(null, 'POST', '/api/v2/auth/login', { email: 'bob@acme.example', password });
  const thief = await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: login.body.refresh_token });
  expect(
    (await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: login.body.refresh_token })).status,
  ).toBe(401);
  expect((await desk.ask(thief.body.access_token as string, 'GET', '/api/v2/campaigns')).status).toBe(401);
  expect(
    (await desk.ask(null, 'POST', '/api/v2/auth/refresh', { refresh_token: thief.body.refresh_token })).status,
  ).toBe(401);
});

test('a disabled user is out at once; nobody disables themselves', async () => {
  const made = await desk.ask(admin, 'POST', '/api/v2/users', { email: 'eve@acme.example', password, role: 'admin' });
  const { body } = await desk.ask(null, 'POST', '/api/v2/auth/login', { email: 'eve@acme.example', password });
  const token = body.access_token as string;
  expect((await desk.ask(token, 'PATCH', `/api/v2/users/${made.body.id}`, { disabled: true }, any)).status).toBe(409);
  expect((await desk.ask(admin, 'PATCH', `/api/v2/users/${made.body.id}`, { disabled: true }, any)).status).toBe(200);
  expect((await desk.ask(token, 'GET', '/api/v2/campaigns')).status).toBe(401);
});

test('the audit says what was done, holds no secret, and tells a changed entry', async () => {
  const page = await desk.ask(admin, 'GET', '/api/v2/audit?limit=500');
  expect(page.body.intact).toBe(true);
  const items = page.body.items as { resource: string; action: string }[];
  expect(items.filter(({ resource }) => resource === 'user').length).toBeGreaterThan(2);
  expect(JSON.stringify(items)).not.toMatch(/argon2|battery|bw_/);
  await desk.parts.desk.system(async (sql) => {
    await sql.query('ALTER TABLE audit_log DISABLE TRIGGER audit_log_is_append_only');
    await sql.query(`UPDATE audit_log SET entry = REPLACE(entry, 'analyst', 'admin') WHERE entry LIKE '%bob%'`);
    await sql.query('ALTER TABLE audit_log ENABLE TRIGGER audit_log_is_append_only');
  });
  expect((await desk.ask(admin, 'GET', '/api/v2/audit?limit=500')).body.intact).toBe(false);
});
