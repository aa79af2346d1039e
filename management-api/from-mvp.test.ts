import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCampaign } from '../domain/campaign-document.ts';
import { readCarriedOver } from '../engines/catalog/carried-over.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openPostgresCatalog } from '../engines/catalog/postgres-catalog.ts';
import { insertCarriedOver } from '../engines/warehouse/carried-over.ts';
import { openClickHouse } from '../engines/warehouse/clickhouse-warehouse.ts';
import { migrateWarehouse } from '../engines/warehouse/migrate.ts';
import { startTestWarehouse, type TestWarehouse } from '../engines/warehouse/test-warehouse.ts';
import type { Warehouse } from '../engines/warehouse/warehouse.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';
import { mvpRows, mvpSums } from './test-mvp.ts';

const migrations = fileURLToPath(new URL('../migrations/', import.meta.url));
const child = fileURLToPath(new URL('../engines/catalog/test-migrate-child.ts', import.meta.url));

let folder: string;
let server: EmbeddedPostgres;
let house: TestWarehouse;
let warehouse: Warehouse;
let before: unknown;
let url: string;
let copy: string;
const told: string[] = [];

type Row = Readonly<Record<string, string>>;

async function query(at: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  return await client
    .query(text)
    .then(
      ({ rows }) => rows,
      (error: unknown) => {
        throw error;
      },
    )
    .finally(() => client.end());
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-mvp-'));
  [server, house] = await Promise.all([
    startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 }),
    startTestWarehouse(),
  ]);
  const database = (name: string) => server.url.replace(/postgres$/, name);
  await query(server.url, 'CREATE DATABASE mvp');
  // As the MVP made it: no runner of ours was there.
  await query(database('mvp'), await readFile(join(migrations, '0001-mvp-baseline.sql'), 'utf8'));
  await query(database('mvp'), mvpRows);
  before = await query(database('mvp'), mvpSums);
  await query(server.url, 'CREATE DATABASE today TEMPLATE mvp');
  await query(server.url, 'CREATE DATABASE killed TEMPLATE mvp');
  [url, copy] = [database('today'), database('killed')];
  await migrateCatalog(url, (line) => told.push(line));
  warehouse = openClickHouse({ url: house.url });
  await migrateWarehouse(warehouse, () => undefined);
}, 120_000);

afterAll(async () => {
  await warehouse?.close();
  await house?.remove();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const one = async (text: string, at = url) => (await query(at, text))[0] as Row;

test('every row of the MVP is still there, none more, none changed', async () => {
  const rows = (before as { rows: string }[]).reduce((sum, each) => sum + Number(each.rows), 0);
  expect(rows).toBe(13_840);
  expect(await query(url, mvpSums)).toEqual(before);
  const files = (await readdir(migrations)).filter((name) => name.endsWith('.sql'));
  expect(told).toHaveLength(files.length);
  expect(told[0]).toContain('taken for 0001-');
  expect(told[1]).toMatch(/applying 0002-.*\(1 of \d+\)$/);
});

test('money became micros: budgets and what was spent to the cent, prices to the micro, rounded ones by half a micro at most', async () => {
  const sums = await one(`SELECT SUM(budget_total * 1000000) = SUM(total_budget_micros) AS budgets,
    SUM(budget_spent * 1000000) = SUM(spent_before_micros) AS spent,
    BOOL_AND((budget_total IS NULL) = (total_budget_micros IS NULL)) AS nulls,
    MAX(ABS(price_micros - CASE pricing_model WHEN 'cpm' THEN COALESCE(cpm_rate, 0) * 1000
      WHEN 'cpc' THEN COALESCE(cpc_rate, 0) * 1000000 WHEN 'cpv' THEN COALESCE(cpv_rate, 0) * 1000000 ELSE 0 END))::text AS off
    FROM campaigns`);
  expect(sums).toMatchObject({ budgets: true, spent: true, nulls: true });
  expect(Number(sums.off)).toBeLessThanOrEqual(0.5);
});

test('days are carried over: those with sums as they were summed, the others from single impressions; requests too', async () => {
  const kept = await one(`SELECT SUM(impressions)::text AS impressions, SUM(clicks)::text AS clicks,
    SUM(completions)::text AS completions, SUM(spend * 1000000)::bigint::text AS spend FROM campaign_daily_stats`);
  const carried = `SELECT COALESCE(SUM(impressions), 0)::text AS impressions, COALESCE(SUM(clicks), 0)::text AS clicks,
    COALESCE(SUM(completions), 0)::text AS completions, COALESCE(SUM(spend_micros), 0)::text AS spend FROM carried_over_days`;
  expect(await one(`${carried} WHERE source = 'daily_stats'`)).toEqual(kept);
  const lone = await one(`SELECT COUNT(*)::text AS impressions, COUNT(*) FILTER (WHERE completed)::text AS completions
    FROM impressions i WHERE NOT EXISTS (SELECT FROM campaign_daily_stats s
      WHERE s.campaign_id = i.campaign_id AND s.date = (i."timestamp" AT TIME ZONE 'UTC')::date)`);
  expect(await one(`${carried} WHERE source = 'impressions'`)).toMatchObject(lone);
  expect(Number(lone.impressions)).toBeGreaterThan(1_000);
  expect(
    await one(`SELECT SUM(impressions)::text AS n, SUM(completions)::text AS done, SUM(seconds)::text AS seconds
    FROM carried_over_creative_days`),
  ).toEqual(
    await one(`SELECT COUNT(*)::text AS n, COUNT(*) FILTER (WHERE completed)::text AS done, SUM(duration)::text AS seconds
      FROM impressions`),
  );
  expect(
    await one('SELECT SUM(requests)::text AS n, SUM(filled)::text AS filled FROM carried_over_request_days'),
  ).toEqual({
    n: '6000',
    filled: '4000',
  });
});

test('files became media files of their kind, users managers of the default organisation, the priceless house ads', async () => {
  expect(
    await query(url, `SELECT m.type, COUNT(*)::text AS n FROM creative_media_files m GROUP BY 1 ORDER BY 1`),
  ).toEqual(
    await query(
      url,
      `SELECT CASE WHEN video_url LIKE '%.m3u8' THEN 'application/x-mpegURL' ELSE 'video/mp4' END AS type,
      COUNT(*)::text AS n FROM creatives WHERE video_url <> '' GROUP BY 1 ORDER BY 1`,
    ),
  );
  expect(await query(url, 'SELECT role, COUNT(*)::text AS n FROM users GROUP BY 1 ORDER BY 1')).toEqual([
    { role: 'admin', n: '4' },
    { role: 'manager', n: '36' },
  ]);
  expect(await one('SELECT COUNT(DISTINCT organisation_id)::text AS n FROM users')).toEqual({ n: '1' });
  expect(
    await one(`SELECT BOOL_AND((tier = 'house') = (price_micros = 0 AND pricing_model <> 'flat')) AS house,
    COUNT(*) FILTER (WHERE tier = 'house') > 5 AS some FROM campaigns`),
  ).toEqual({ house: true, some: true });
});

test('every campaign is a document that deciders take, with what it had spent', async () => {
  const catalog = openPostgresCatalog({ url });
  const { campaigns, pods } = await catalog.snapshot();
  await catalog.close();
  const refused = campaigns.filter((campaign) => readCampaign(JSON.parse(JSON.stringify(campaign))) === null);
  expect([campaigns.length, refused.map(({ name }) => name)]).toEqual([400, []]);
  expect(campaigns.find(({ name }) => name.includes('"5"'))).toMatchObject({
    totalBudgetMicros: 1_050_050_000,
    spentBeforeMicros: 99_999_990_000,
  });
  expect(pods).toMatchObject([{ name: 'single-ad', maxAds: 1, minAds: 1, durationSeconds: 120 }]);
});

async function killedAt(file: string): Promise<void> {
  const running = spawn(process.execPath, [child, copy], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => running.on('exit', resolve));
  let said = '';
  running.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
    if (said.includes(`applying ${file}`)) running.kill('SIGKILL');
  });
  expect(await ended, `${file}: ${said}`).toBe(null);
}

test('killed in the middle of three files and run again, it ends the same', async () => {
  for (const file of ['0003-', '0012-', '0020-']) await killedAt(file);
  await migrateCatalog(copy);
  // Rows that the migration itself makes have ids and times of their own.
  const shape = (table: string, but: string) =>
    `SELECT md5(string_agg(row, '|' ORDER BY row)) AS md5 FROM (SELECT (to_jsonb(t) ${but})::text AS row FROM ${table} t) rows`;
  const made = `- 'advertiser_id' - 'created_at' - 'updated_at' - 'organisation_id'`;
  for (const table of [
    'campaigns',
    'creatives',
    'creative_media_files',
    'users',
    'carried_over_days',
    'carried_over_creative_days',
    'carried_over_request_days',
  ]) {
    expect(await one(shape(table, made), copy), table).toEqual(await one(shape(table, made)));
  }
  expect(await one(shape('ad_pods', `- 'id' ${made}`), copy)).toEqual(await one(shape('ad_pods', `- 'id' ${made}`)));
  expect(await query(copy, mvpSums)).toEqual(before);
  expect(await migrateCatalog(copy)).toBe(0);
});

test('the warehouse gets the same sums, once, however often it is told', async () => {
  const { days, told: lines } = await readCarriedOver(url);
  expect(lines).toHaveLength(3);
  const half = days.slice(0, Math.floor(days.length / 2));
  for (const each of [half, days, days]) await insertCarriedOver(warehouse, each, () => undefined);
  const [sums] = await warehouse.query<Row>(
    `SELECT toString(sum(impressions)) AS impressions, toString(sum(clicks)) AS clicks, toString(sum(completes)) AS completions,
       toString(sum(spend_micros)) AS spend FROM breakwater.campaign_lifetime`,
  );
  expect(sums).toEqual(
    await one(`SELECT SUM(impressions)::text AS impressions, SUM(clicks)::text AS clicks, SUM(completions)::text AS completions,
      SUM(spend_micros)::text AS spend FROM carried_over_days`),
  );
});

test("v1 answers the MVP's numbers beside those of the stream; with the warehouse away it says what to do", async () => {
  const desk: TestDesk = await openTestDesk(warehouse);
  try {
    const key = await desk.key('00000000-0000-7000-a000-000000000001', 'manager');
    const made = await desk.ask(key, 'POST', '/api/v1/campaigns', {
      name: 'C',
      start_date: '2024-01-01',
      end_date: '2030-01-01',
    });
    const { id } = made.body;
    await desk.parts.desk.system((sql) =>
      sql.query(`INSERT INTO carried_over_days VALUES ($1, '2024-10-01', 100, 5, 40, 1230000, 'daily_stats')`, [id]),
    );
    await warehouse.run(
      `INSERT INTO breakwater.delivery_days (day, campaign, creative, advertiser, country, device_type, impressions, clicks, completes, spend_micros, version)
       SELECT '2024-10-01', {id:UUID}, {id:UUID}, {id:UUID}, 'US', 'roku', 300, 3, 60, 770001, 1`,
      { id },
    );
    const stats = await desk.ask(key, 'GET', `/api/v1/campaigns/${id}/stats`);
    const counts = { impressions: 400, clicks: 8, completions: 100, spend: 2.000001 };
    expect(stats).toMatchObject({
      status: 200,
      body: {
        ...counts,
        ctr: 0.02,
        completion_rate: 0.25,
        carried_over: { impressions: 100, clicks: 5, completions: 40, spend: 1.23 },
        daily: [{ date: '2024-10-01', ...counts }],
      },
    });
    expect((await desk.ask(key, 'GET', `/api/v1/campaigns/${id}/stats?start_date=2024-10-02`)).body).toMatchObject({
      impressions: 0,
      ctr: null,
      daily: [],
    });
    expect((await desk.ask(key, 'GET', `/api/v1/analytics/campaigns/${id}`)).body).toMatchObject({
      countries: [{ country: 'US', impressions: 300 }],
      device_types: [{ device_type: 'roku', spend: 0.770001 }],
      creatives: [{ creative_id: id }],
    });
    expect((await desk.ask(key, 'GET', '/api/v1/analytics/summary')).body).toMatchObject({
      ...counts,
      campaigns: { total: 1, draft: 1 },
    });
    expect((await desk.ask(key, 'GET', `/api/v1/campaigns/${id}`)).body.budget_spent).toBe(0.770001);
    for (const [path, pointer] of [
      ['?start_date=2024-02-30', '/start_date'],
      ['?start_date=2024-02-02&end_date=2024-02-01', '/end_date'],
      ['?day=1', '/day'],
    ]) {
      const said = await desk.ask(key, 'GET', `/api/v1/campaigns/${id}/stats${path}`);
      expect([said.status, said.body.errors.map((each) => each.pointer)]).toEqual([400, [pointer]]);
    }
    const foreign = await desk.key(await desk.organisation('Others'), 'manager');
    for (const path of [`campaigns/${id}/stats`, `analytics/campaigns/${id}`, `creatives/${id}/stats`]) {
      expect((await desk.ask(foreign, 'GET', `/api/v1/${path}`)).status).toBe(404);
    }
    expect((await desk.ask(foreign, 'GET', '/api/v1/analytics/summary')).body).toMatchObject({
      impressions: 0,
      campaigns: { total: 0 },
    });
    const away = openClickHouse({ url: 'http://127.0.0.1:9' });
    Object.assign(desk.parts, { warehouse: away });
    expect(await desk.ask(key, 'GET', `/api/v1/campaigns/${id}/stats`)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { title: 'The warehouse is away' },
    });
    expect((await desk.ask(key, 'GET', `/api/v1/campaigns/${id}`)).body.budget_spent).toBe(null);
    await away.close();
  } finally {
    await desk.close();
  }
}, 60_000);
