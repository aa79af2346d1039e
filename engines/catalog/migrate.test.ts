import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { capFaults } from '../../domain/frequency/cap-set.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { migrateCatalog } from './migrate.ts';
import { openPostgresCatalog } from './postgres-catalog.ts';
import { openPool } from './postgres-client.ts';

const original = fileURLToPath(new URL('../../migrations/', import.meta.url));
let folder: string;
let files: string;
let server: EmbeddedPostgres;
let sql: pg.Pool;
let databases = 0;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-migrate-'));
  files = join(folder, 'migrations');
  server = await startEmbeddedPostgres({ path: join(folder, 'catalog'), port: 0 });
  sql = openPool(server.url, 2);
});

afterAll(async () => {
  await sql?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const name = `catalog${++databases}`;
  await sql.query(`CREATE DATABASE ${name}`);
  url = server.url.replace(/postgres$/, name);
  await rm(files, { recursive: true, force: true });
  await cp(original, files, { recursive: true });
});

async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The name of a file that comes after all there are. */
async function next(name: string): Promise<string> {
  const last = (await readdir(files))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .at(-1);
  return `${String(Number(last?.slice(0, 4)) + 1).padStart(4, '0')}-${name}.sql`;
}

test('files are applied once, in order, each named as it goes; two migrators at once do not meet', async () => {
  const said: string[] = [];
  const names = (await readdir(original)).filter((name) => name.endsWith('.sql')).sort();
  const applied = await Promise.all([migrateCatalog(url, (text) => said.push(text)), migrateCatalog(url)]);
  expect(applied.toSorted((a, b) => a - b)).toEqual([0, names.length]);
  expect(await migrateCatalog(url)).toBe(0);
  expect((await query('SELECT name FROM schema_migrations ORDER BY applied_at')).map(({ name }) => name)).toEqual(
    names,
  );
});

test('a changed past is refused with the name of its file', async () => {
  await migrateCatalog(url, undefined, files);
  await writeFile(join(files, '0003-creative-media-files.sql'), '-- another past');
  await expect(migrateCatalog(url, undefined, files)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('0003-creative-media-files.sql'),
  });
});

test('a catalog of a newer release and a file put in between are refused', async () => {
  const tomorrow = await next('of-tomorrow');
  await writeFile(join(files, tomorrow), 'CREATE TABLE tomorrow ()');
  await migrateCatalog(url, undefined, files);
  await expect(migrateCatalog(url)).rejects.toThrow(`${tomorrow}, which this release does not know`);
  await writeFile(join(files, '0000-in-between.sql'), 'SELECT 1');
  await expect(migrateCatalog(url, undefined, files)).rejects.toThrow(/0000-in-between\.sql comes before 0001-/);
  await writeFile(join(files, '0008-twice.sql'), 'SELECT 1');
  await expect(migrateCatalog(url, undefined, files)).rejects.toThrow(/0008-outbox\.sql is out of line/);
});

test('a file that fails leaves nothing of itself, and what came before it', async () => {
  const broken = await next('broken');
  await writeFile(join(files, broken), 'CREATE TABLE half (); SELECT nonsense');
  await expect(migrateCatalog(url, undefined, files)).rejects.toThrow(new RegExp(`${broken}: .*nonsense`));
  expect(await query("SELECT to_regclass('half') AS half, to_regclass('outbox') AS outbox")).toEqual([
    { half: null, outbox: 'outbox' },
  ]);
});

test("a campaign of the MVP becomes today's document", async () => {
  const later = (await readdir(files)).filter((name) => name.endsWith('.sql') && !name.startsWith('0001'));
  for (const name of later) await rename(join(files, name), join(folder, name));
  await migrateCatalog(url, undefined, files);
  await query(
    `INSERT INTO campaigns (id, name, status, budget_total, start_date, end_date, pricing_model, cpm_rate)
     VALUES ('00000000-0000-7000-8000-000000000001', 'Old', 'active', 1234.56, '2024-10-01', '2024-11-01', 'cpm', 12.5);
     INSERT INTO creatives (campaign_id, name, video_url, duration)
     VALUES ('00000000-0000-7000-8000-000000000001', 'Spot', 'https://cdn.example/spot.mp4', 30)`,
  );
  for (const name of later) await rename(join(folder, name), join(files, name));
  await migrateCatalog(url, undefined, files);
  const catalog = openPostgresCatalog({ url });
  const { campaigns } = await catalog.snapshot();
  await catalog.close();
  expect(campaigns).toMatchObject([
    {
      name: 'Old',
      version: 1,
      pricing: { model: 'cpm', priceMicros: 12_500 },
      totalBudgetMicros: 1_234_560_000,
      startsAt: Date.UTC(2024, 9, 1),
      creatives: [{ durationSeconds: 30, media: [{ url: 'https://cdn.example/spot.mp4', type: 'video/mp4' }] }],
    },
  ]);
});

test("a stream's caps of a week and a month become one of the whole stream, in a set that makes sense", async () => {
  const later = (await readdir(files)).filter((name) => name.endsWith('.sql') && name >= '0114');
  for (const name of later) await rename(join(files, name), join(folder, name));
  await migrateCatalog(url, undefined, files);
  const campaign = '00000000-0000-7000-8000-000000000001';
  const creative = '00000000-0000-7000-8000-000000000002';
  await query(
    `INSERT INTO advertisers (id, name) VALUES ('${campaign}', 'Acme');
     INSERT INTO campaigns (id, name, status, start_date, end_date, pricing_model, price_micros, advertiser_id)
     VALUES ('${campaign}', 'Old', 'active', '2024-10-01', '2024-11-01', 'cpm', 1000, '${campaign}');
     INSERT INTO creatives (id, campaign_id, name, duration) VALUES ('${creative}', '${campaign}', 'Spot', 30);
     INSERT INTO frequency_caps (campaign_id, creative_id, scope, position, max_impressions_per_day,
       max_impressions_per_week, max_impressions_per_month, max_impressions_lifetime) VALUES
       ('${campaign}', NULL, 'user', 0, 1, 4, 8, 16),
       ('${campaign}', NULL, 'stream', 1, 3, 5, NULL, NULL),
       ('${campaign}', NULL, 'stream', 2, NULL, NULL, 7, 9),
       ('${campaign}', '${creative}', 'stream', 3, 2, NULL, 6, NULL),
       ('${campaign}', NULL, 'pod', 4, NULL, NULL, NULL, 5)`,
  );
  for (const name of later) await rename(join(folder, name), join(files, name));
  await migrateCatalog(url, undefined, files);
  const catalog = openPostgresCatalog({ url });
  const { campaigns } = await catalog.snapshot();
  await catalog.close();
  const caps = campaigns.find(({ id }) => id === campaign)?.caps ?? [];
  // Rows of one place stand in the order of their ids, which chance made.
  const told = caps.map(({ scope, creativeId, windowSeconds, max }) => [scope, creativeId, windowSeconds, max].join());
  expect(told.toSorted()).toEqual(
    [
      ['user', null, 86_400, 1],
      ['user', null, 604_800, 4],
      ['user', null, 2_678_400, 8],
      ['user', null, null, 16],
      ['stream', null, 86_400, 3],
      ['stream', null, null, 5],
      ['stream', creative, 86_400, 2],
    ]
      .map((cap) => cap.join())
      .toSorted(),
  );
  expect(capFaults(caps, [creative])).toEqual([]);
});

test('a cap of a pod that one of its stream leaves nothing to goes, and the others stay', async () => {
  const later = (await readdir(files)).filter((name) => name.endsWith('.sql') && name >= '0120');
  for (const name of later) await rename(join(files, name), join(folder, name));
  await migrateCatalog(url, undefined, files);
  const id = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;
  const rows = [
    { creative: 'NULL', hour: 3, pod: 5 },
    { creative: 'NULL', hour: 3, pod: 2 },
    { creative: `'${id(4)}'`, hour: 3, pod: 5 },
  ];
  await query(`INSERT INTO advertisers (id, name) VALUES ('${id(1)}', 'Acme')`);
  for (const [n, { creative, hour, pod }] of rows.entries()) {
    await query(
      `INSERT INTO campaigns (id, name, status, start_date, end_date, pricing_model, price_micros, advertiser_id)
       VALUES ('${id(2 + n)}', 'Old', 'active', '2024-10-01', '2024-11-01', 'cpm', 1000, '${id(1)}');
       INSERT INTO creatives (id, campaign_id, name, duration) VALUES ('${id(2 + n)}', '${id(2 + n)}', 'Spot', 30);
       INSERT INTO frequency_caps (campaign_id, creative_id, scope, position, max_impressions_per_hour, max_impressions_lifetime)
       VALUES ('${id(2 + n)}', ${creative}, 'stream', 0, ${hour}, NULL), ('${id(2 + n)}', NULL, 'pod', 1, NULL, ${pod})`,
    );
  }
  for (const name of later) await rename(join(folder, name), join(files, name));
  await migrateCatalog(url, undefined, files);
  const catalog = openPostgresCatalog({ url });
  const { campaigns } = await catalog.snapshot();
  await catalog.close();
  const told = campaigns
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id: own, caps }) => {
      expect(capFaults(caps, [own])).toEqual([]);
      return caps.map(({ scope, max }) => `${scope} ${max}`);
    });
  expect(told).toEqual([['stream 3'], ['stream 3', 'pod 2'], ['stream 3', 'pod 5']]);
});

test('a campaign that came back under its id before versions went on gets one above those that deciders have seen', async () => {
  const later = (await readdir(files)).filter((name) => name.endsWith('.sql') && name >= '0115');
  for (const name of later) await rename(join(files, name), join(folder, name));
  await migrateCatalog(url, undefined, files);
  const [acme, back, fresh] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
  await query(
    `INSERT INTO advertisers (id, name) VALUES ('${acme}', 'Acme');
     INSERT INTO campaigns (id, name, version, status, start_date, end_date, pricing_model, price_micros, advertiser_id)
     SELECT id, 'Old', 2, 'active', '2024-10-01', '2024-11-01', 'cpm', 1000, '${acme}'
     FROM unnest('{${back},${fresh}}'::uuid[]) AS id;
     INSERT INTO audit_log (organisation_id, sequence, at, actor, action, resource, resource_id, entry, previous, hash)
     SELECT organisation_id, 1, NOW(), 'system', 'delete', 'campaign', '${back}', '{"before": {"version": 3}}', '', ''
     FROM campaigns WHERE id = '${back}'`,
  );
  for (const name of later) await rename(join(folder, name), join(files, name));
  await migrateCatalog(url, undefined, files);
  expect(await query('SELECT id, version FROM campaigns ORDER BY id')).toEqual([
    { id: back, version: '5' },
    { id: fresh, version: '2' },
  ]);
});
