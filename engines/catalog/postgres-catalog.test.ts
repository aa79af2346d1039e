import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { addCampaignRows } from './announce.ts';
import type { Catalog } from './catalog.ts';
import { countCampaigns } from './count-campaigns.ts';
import { migrateCatalog } from './migrate.ts';
import { openPostgresCatalog } from './postgres-catalog.ts';
import { inTransaction, openPool } from './postgres-client.ts';
import { campaigns, sample } from './test-campaigns.ts';
import { startTestPostgres, type TestPostgres } from './test-postgres.ts';

let server: TestPostgres;
let catalog: Catalog;
let sql: pg.Pool;

beforeAll(async () => {
  server = await startTestPostgres();
  await migrateCatalog(server.url);
  catalog = openPostgresCatalog({ url: server.url });
  sql = openPool(server.url, 2);
});

afterAll(async () => {
  await sql?.end();
  await catalog?.close();
  await server?.remove();
});

afterEach(async () => {
  await sql.query(
    'TRUNCATE owned_names, advertisers, campaigns, competitive_categories, ad_pods, experiments, outbox CASCADE',
  );
});

const A = '00000000-0000-7000-8000-00000000000a';
const B = '00000000-0000-7000-8000-00000000000b';
const C = '00000000-0000-7000-8000-00000000000c';

test('any campaign comes back as it was put, also over an earlier one, and the outbox holds the same document', async () => {
  await fc.assert(
    fc.asyncProperty(campaigns, campaigns, async (first, second) => {
      expect(await catalog.putCampaign(first)).toBe(1);
      const changed = { ...second, id: first.id };
      expect(await catalog.putCampaign(changed)).toBe(2);
      const { campaigns: found } = await catalog.snapshot();
      expect(found.filter(({ id }) => id === first.id)).toEqual([{ ...changed, version: 2 }]);
      const told = await catalog.outbox(10);
      expect(told.map(({ document }) => document)).toEqual([
        { ...first, version: 1 },
        { ...changed, version: 2 },
      ]);
      await catalog.relayed(told.map(({ sequence }) => sequence));
      expect(await catalog.outbox(10)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('a change that fails leaves neither a campaign nor an outbox record', async () => {
  const cap = { scope: 'user' as const, creativeId: null, windowSeconds: 61, max: 1 };
  await expect(catalog.putCampaign(sample({ caps: [cap] }))).rejects.toMatchObject({ code: 'refused' });
  await expect(catalog.putCampaign(sample({ id: 'nonsense' }))).rejects.toMatchObject({ code: 'refused' });
  expect((await catalog.snapshot()).campaigns).toEqual([]);
  expect(await catalog.outbox(10)).toEqual([]);
});

test('a contradictory set of caps is refused with the reason, and nothing changes', async () => {
  const perDay = { scope: 'user' as const, creativeId: null, windowSeconds: 86_400, max: 2 };
  const perWeek = { ...perDay, windowSeconds: 604_800, max: 1 };
  await expect(catalog.putCampaign(sample({ id: A, caps: [perDay, perWeek] }))).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('cap 1: 2 per day for a user never refuses anything beside 1 per week for a user'),
  });
  expect((await catalog.snapshot()).campaigns).toEqual([]);
});

test('a cap counts from when it was first put, also when its campaign is put again and the cap is changed', async () => {
  const cap = { scope: 'user' as const, creativeId: null, windowSeconds: 3_600, max: 3 };
  const capsNow = async () => (await catalog.snapshot()).campaigns.find(({ id }) => id === A)?.caps ?? [];
  await catalog.putCampaign(sample({ id: A, caps: [cap] }));
  const [first] = await capsNow();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await catalog.putCampaign(
    sample({
      id: A,
      caps: [
        { ...cap, max: 2 },
        { ...cap, windowSeconds: null, max: 9 },
      ],
    }),
  );
  const [hour, lifetime] = await capsNow();
  expect(hour).toEqual({ ...cap, max: 2, countsFrom: first?.countsFrom });
  expect(lifetime?.countsFrom).toBeGreaterThan(first?.countsFrom ?? 0);
  const [last] = (await catalog.outbox(10)).slice(-1);
  expect(last?.document).toMatchObject({ caps: [hour, lifetime] });
});

test('a transaction that commits late is neither skipped nor overtaken', async () => {
  const late = await sql.connect();
  await late.query('BEGIN');
  await late.query("INSERT INTO outbox (kind, id, version) VALUES ('pod', $1, 1)", [A]);
  await catalog.putCampaign(sample({ id: B }));
  expect(await catalog.outbox(10)).toEqual([]);
  await late.query('COMMIT');
  late.release();
  expect((await catalog.outbox(10)).map(({ id }) => id)).toEqual([A, B]);
  expect((await catalog.outbox(1)).map(({ id }) => id)).toEqual([A]);
});

test('changes to one campaign at the same time get versions of their own, told in order', async () => {
  const versions = await Promise.all(Array.from({ length: 8 }, () => catalog.putCampaign(sample())));
  expect(versions.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect((await catalog.outbox(10)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a new status is a new version with its document; an unknown campaign is null and tells nothing', async () => {
  const campaign = sample({ status: 'active' });
  await catalog.putCampaign(campaign);
  expect(await catalog.setStatus(campaign.id, 'paused')).toBe(2);
  expect(await catalog.setStatus(C, 'paused')).toBeNull();
  const told = await catalog.outbox(10);
  expect(told.at(-1)?.document).toEqual({ ...campaign, status: 'paused', version: 2 });
  expect(told).toHaveLength(2);
});

test('a snapshot leaves out what is held as it is, and tells of its progress page by page', async () => {
  const ids = Array.from({ length: 2_003 }, (_, at) => `00000000-0000-7000-8000-${at.toString(16).padStart(12, '0')}`);
  const { advertiserId } = sample();
  await sql.query("INSERT INTO advertisers (id, name) VALUES ($1, 'one')", [advertiserId]);
  const many = ids.map((id) => ({ ...sample({ id }), advertiserId, creatives: [], caps: [], targeting: [] }));
  await inTransaction(sql, 'BEGIN', (client) => addCampaignRows(client, many));
  let moves = 0;
  const moved = () => {
    moves++;
  };
  const all = (await catalog.snapshot({ moved })).campaigns;
  expect([all.map(({ id }) => id), moves]).toEqual([ids, 3]);
  expect(await countCampaigns(server.url)).toBe(ids.length);
  const held = new Map(all.map(({ id, version }) => [id, version]));
  expect((await catalog.snapshot({ held })).campaigns).toEqual([]);
  await catalog.setStatus(ids[7] ?? '', 'paused');
  held.delete(ids[2_001] ?? '');
  const newer = (await catalog.snapshot({ held })).campaigns;
  expect(newer.map(({ id, version, status }) => [id, version, status])).toEqual([
    [ids[7], 2, 'paused'],
    [ids[2_001], 1, all[2_001]?.status],
  ]);
  await sql.query('DELETE FROM campaigns WHERE id = $1', [ids[9]]);
  expect((await catalog.snapshot({ held })).gone).toEqual([ids[9]]);
  expect((await catalog.snapshot()).gone).toEqual([]);
  await sql.query('DELETE FROM campaigns');
  expect(await catalog.snapshot({ held })).toMatchObject({ campaigns: [], gone: [] });
});

test('renaming an advertiser is told for its other campaigns too, whose documents carry the name', async () => {
  await catalog.putCampaign(sample({ id: A, advertiserName: 'Old' }));
  await catalog.putCampaign(sample({ id: B, advertiserName: 'New' }));
  const { campaigns: found } = await catalog.snapshot();
  expect(found.map(({ id, version, advertiserName }) => [id, version, advertiserName])).toEqual([
    [A, 2, 'New'],
    [B, 1, 'New'],
  ]);
  expect((await catalog.outbox(10)).map(({ id, version }) => [id, version])).toEqual([
    [A, 1],
    [B, 1],
    [A, 2],
  ]);
});

test('a category keeps its name and its place: another one is refused by name', async () => {
  await catalog.putCampaign(sample({ id: A, categories: [{ id: A, name: 'cars', ancestors: [B] }] }));
  const moved = sample({ id: B, categories: [{ id: A, name: 'cars', ancestors: [] }] });
  await expect(catalog.putCampaign(moved)).rejects.toThrow(/lies under/);
  const named = sample({ id: B, categories: [{ id: B, name: 'vehicles', ancestors: [] }] });
  expect(await catalog.putCampaign(named)).toBe(1);
});

test('a circle of categories is refused', async () => {
  await sql.query(
    `INSERT INTO competitive_categories (id, name, parent_category_id)
     VALUES ($1::uuid, 'a', NULL), ($2::uuid, 'b', $1::uuid), ($3::uuid, 'c', $2::uuid)`,
    [A, B, C],
  );
  const closing = sql.query('UPDATE competitive_categories SET parent_category_id = $2 WHERE id = $1', [A, C]);
  await expect(closing).rejects.toThrow(/above itself/);
  const itself = sql.query('UPDATE competitive_categories SET parent_category_id = id WHERE id = $1', [A]);
  await expect(itself).rejects.toThrow(/above itself/);
});

test("the plan's targeting columns hold what a rule includes, and exclude what it excludes", async () => {
  const conditions = [
    { dimension: 'geo_countries' as const, mode: 'include' as const, values: ['US', 'CA'] },
    { dimension: 'geo_countries' as const, mode: 'exclude' as const, values: ['MX'] },
    { dimension: 'age_ranges' as const, mode: 'include' as const, values: [{ min: 18, max: 34 }] },
  ];
  await catalog.putCampaign(sample({ targeting: [{ id: A, conditions }] }));
  const { rows } = await sql.query('SELECT geo_countries, age_ranges, exclude, gender FROM targeting_rules');
  expect(rows).toEqual([
    { geo_countries: ['US', 'CA'], age_ranges: [{ min: 18, max: 34 }], exclude: [conditions[1]], gender: null },
  ]);
});

test('the snapshot answers pods', async () => {
  await sql.query(
    "INSERT INTO ad_pods (id, name, duration_seconds, min_separation_seconds) VALUES ($1, 'mid', 90, NULL)",
    [A],
  );
  expect((await catalog.snapshot()).pods).toEqual([
    {
      id: A,
      version: 1,
      organisation: HOUSE_ORGANISATION,
      name: 'mid',
      durationSeconds: 90,
      minAds: 1,
      maxAds: 6,
      competitiveSeparation: true,
      minSeparationSeconds: null,
      separationScope: 'pod',
      allowDuplicateAdvertisers: false,
      objective: 'revenue',
      exactDuration: false,
      allowedDurations: null,
      backupAds: 0,
    },
  ]);
});

test('a server that is away is unavailable, a catalog without tables misconfigured, a closed one closed', async () => {
  const away = openPostgresCatalog({ url: 'postgres://x:y@127.0.0.1:1/postgres' });
  await expect(away.snapshot()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await away.close();
  await expect(away.outbox(1)).rejects.toMatchObject({ code: 'closed' });
  const bare = await startTestPostgres();
  const empty = openPostgresCatalog({ url: bare.url });
  await expect(empty.snapshot()).rejects.toMatchObject({ code: 'misconfigured', retryable: false });
  await empty.close();
  await bare.remove();
});
