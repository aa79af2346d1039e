import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../domain/organisation.ts';
import type { CatalogDesk } from '../engines/catalog/desk.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresDesk } from '../engines/catalog/postgres-desk.ts';
import { createKey } from './access/keys.ts';
import { scopesOf } from './access/roles.ts';
import { buildManagementApp } from './app.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';
import { mvpRows } from './test-mvp.ts';

/** The catalog of an MVP as it was migrated, behind today's API. */
let house: TestDesk;
let desk: CatalogDesk;
let app: FastifyInstance;
let key: string;

const baseline = new URL('../migrations/0001-mvp-baseline.sql', import.meta.url);
/** What 0001 allows and today's rules do not: beyond our times on both ends, over at once, flat without a budget. */
const odd = `
INSERT INTO campaigns (name, status, start_date, end_date, pricing_model, cpm_rate, budget_total) VALUES
  ('endless', 'active', '2024-01-01', '9999-12-31', 'cpm', 10, 5000),
  ('ancient', 'active', '1970-01-01', '2030-01-01', 'cpm', 10, 5000),
  ('at once', 'active', '2024-01-01', '2024-01-01', 'cpm', 10, 0),
  ('flat', 'active', '2024-01-01', '2030-01-01', 'flat', NULL, NULL)`;

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  house = await openTestDesk();
  await run(house.url, ['CREATE DATABASE mvp']);
  const url = house.url.replace(/postgres$/, 'mvp');
  await run(url, [await readFile(baseline, 'utf8'), mvpRows, odd]);
  await migrateCatalog(url);
  desk = openPostgresDesk({ url, replicaUrl: null });
  app = await buildManagementApp({ ...house.parts, desk });
  key = await keyOf(HOUSE_ORGANISATION);
}, 60_000);

afterAll(async () => {
  await app?.close();
  await desk?.close();
  await house?.close();
});

async function ask(method: 'PATCH' | 'POST' | 'GET', url: string, body?: object) {
  const answer = await app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}`, 'if-match': '*' },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, body: JSON.parse(answer.body || '{}'), text: answer.body };
}

async function keyOf(organisation: string): Promise<string> {
  const wanted = { name: 'k', scopes: scopesOf.admin, expiresAt: null, createdBy: null, requestsInMinute: 1_000_000 };
  return await desk.write(organisation, (sql) => createKey(sql, { id: house.parts.random.uuid(), ...wanted }));
}

async function exported(who: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${who}` };
  const { body } = await app.inject({ method: 'GET', url: '/api/v2/campaigns/export', headers });
  return body.trim().split('\n');
}

async function idsOf(statement: string): Promise<readonly string[]> {
  const { rows } = await desk.system((sql) => sql.query<{ id: string }>(statement));
  return rows.map(({ id }) => id);
}

async function refusedOf(ids: readonly string[], change: (id: string) => ReturnType<typeof ask>): Promise<string[]> {
  const refused: string[] = [];
  for (const id of ids) {
    const { status, text } = await change(id);
    if (status !== 200) refused.push(`${id}: ${status} ${text}`);
  }
  return refused;
}

test('every active campaign of the MVP can be paused, started again and completed, whatever today would refuse of it', async () => {
  const active = await idsOf(`SELECT id FROM campaigns WHERE status = 'active'`);
  expect(active.length).toBeGreaterThan(100);
  for (const status of ['paused', 'active', 'completed']) {
    expect(await refusedOf(active, (id) => ask('PATCH', `/api/v1/campaigns/${id}/status`, { status }))).toEqual([]);
  }
}, 120_000);

test('a paused campaign of the MVP is renamed and completed by v2; another end that breaks a rule is refused', async () => {
  const paused = await idsOf(
    `SELECT id FROM campaigns WHERE status = 'paused' AND (end_date = start_date OR (pricing_model = 'flat' AND total_budget_micros IS NULL))`,
  );
  expect(paused.length).toBeGreaterThan(0);
  expect(await refusedOf(paused, (id) => ask('PATCH', `/api/v2/campaigns/${id}`, { name: 'Renamed' }))).toEqual([]);
  const [id] = await idsOf(`SELECT id FROM campaigns WHERE name = 'endless'`);
  for (const ends_at of ['9998-12-31T00:00:00Z', '2023-01-01T00:00:00Z']) {
    const said = await ask('PATCH', `/api/v2/campaigns/${id}`, { ends_at });
    expect([said.status, said.body.errors[0].pointer]).toEqual([422, '/ends_at']);
  }
  expect((await ask('PATCH', `/api/v2/campaigns/${id}`, { ends_at: '2040-01-01T00:00:00Z' })).status).toBe(200);
}, 60_000);

test('a creative of the MVP without a file is not active, can be renamed and set inactive, and not shown', async () => {
  const without = 'NOT EXISTS (SELECT FROM creative_media_files WHERE creative_id = c.id)';
  expect(await idsOf(`SELECT id FROM creatives c WHERE status = 'active' AND ${without}`)).toEqual([]);
  const bare = await idsOf(`SELECT id FROM creatives c WHERE ${without} ORDER BY status, id`);
  expect(bare.length).toBeGreaterThan(50);
  const change = (body: object) => (id: string) => ask('PATCH', `/api/v2/creatives/${id}`, body);
  expect(await refusedOf(bare, change({ name: 'Renamed' }))).toEqual([]);
  expect(await refusedOf(bare, change({ status: 'inactive' }))).toEqual([]);
  const shown = await change({ status: 'active' })(String(bare[0]));
  expect([shown.status, shown.body.errors[0].pointer]).toEqual([422, '/media']);
}, 120_000);

test('what is exported of the MVP is imported by others and exported again as it was; what today would refuse is told', async () => {
  const other = house.parts.random.uuid();
  await desk.system((sql) => sql.query('INSERT INTO organisations (id, name) VALUES ($1, $2)', [other, 'Other']));
  const who = await keyOf(other);
  const lines = await exported(key);
  expect(lines).toHaveLength(404);
  const done = await app.inject({
    method: 'POST',
    url: '/api/v2/campaigns/import',
    headers: { authorization: `Bearer ${who}`, 'content-type': 'application/x-ndjson' },
    payload: lines.join('\n'),
  });
  expect([done.statusCode, JSON.parse(done.body).errors ?? []]).toEqual([201, []]);
  const told: { pointer: string }[] = JSON.parse(done.body).warnings;
  expect(told.map(({ pointer }) => pointer)).toEqual(
    expect.arrayContaining(['/starts_at', '/ends_at', '/total_budget_micros']),
  );
  const withoutIds = (all: readonly string[]) => all.map((line) => line.replace(/"id":"[^"]+"/g, '')).toSorted();
  expect(withoutIds(await exported(who))).toEqual(withoutIds(lines));
}, 60_000);
