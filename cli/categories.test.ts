import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Campaign } from '../domain/campaign.ts';
import { micros } from '../domain/money.ts';
import type { Catalog } from '../engines/catalog/catalog.ts';
import type { CategoryTables } from '../engines/catalog/category-tables.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/catalog/embedded-postgres.ts';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { openCatalog, openCategories } from '../engines/open.ts';
import { houseAudit } from '../management-api/test-audit.ts';
import { importCategories, markSensitive } from './categories.ts';

let folder: string;
let server: EmbeddedPostgres;
let catalog: Catalog;
let tables: CategoryTables;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-categories-'));
  server = await startEmbeddedPostgres({ path: folder, port: 0 });
  await migrateCatalog(server.url);
  catalog = await openCatalog(server.url);
  tables = openCategories(server.url);
});

afterAll(async () => {
  await tables?.close();
  await catalog?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  const sequences = (await catalog.outbox(1_000)).map(({ sequence }) => sequence);
  await catalog.relayed(sequences);
});

/** In the form of the IAB's: tabs, a carriage return, tiers behind; the first is its own parent. */
const products = (...rows: string[]) =>
  ['Unique ID\tParent ID\tName\tTier 1\tTier 2', ...rows, '\t\t\t\t'].join('\r\n');
const first = products(
  '1000\t1000\tRisk\tRisk\t',
  '1002\t\tDrinks\tDrinks\t',
  '1003\t1002\tBars \tDrinks\tBars',
  '1004\t1003\tLate Bars',
  'X1\t1000\tOdd',
);

const campaignId = '00000000-0000-7000-8000-0000000000aa';

function campaign(categories: Campaign['categories']): Omit<Campaign, 'version'> {
  return {
    id: campaignId,
    name: 'c',
    advertiserId: '00000000-0000-7000-8000-0000000000bb',
    advertiserName: 'a',
    status: 'active',
    startsAt: 0,
    endsAt: 1,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(1_000) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories,
    creatives: [],
  };
}

test('competitive categories come with their tree; a row that is its own parent is a root', async () => {
  const told = await importCategories(tables, first);
  expect(told).toEqual({ kind: 'product', rows: 5, added: 5, changed: 0, removed: 0, campaigns: 0 });
  expect(await importCategories(tables, first)).toMatchObject({ added: 0, changed: 0, campaigns: 0 });
  await catalog.putCampaign(
    campaign([
      { id: '1004', name: 'Late Bars', ancestors: ['1003', '1002'] },
      { id: 'X1', name: 'Odd', ancestors: ['1000'] },
    ]),
  );
  const { campaigns } = await catalog.snapshot();
  expect(campaigns[0]?.categories.map(({ id, ancestors }) => [id, ancestors])).toEqual([
    ['1004', ['1003', '1002']],
    ['X1', ['1000']],
  ]);
});

test('a table that renames and turns round a branch changes the campaigns that have it, and tells of them', async () => {
  const version = await catalog.putCampaign(campaign([{ id: '1004', name: 'Late Bars', ancestors: ['1003', '1002'] }]));
  const turned = products(
    '1000\t1000\tRisk',
    '1002\t1003\tDrinks',
    '1003\t1004\tBars',
    '1004\t\tNight Bars',
    'X1\t1000\tOdd',
  );
  const told = await importCategories(tables, turned);
  expect(told).toMatchObject({ added: 0, changed: 3, campaigns: 1 });
  const last = (await catalog.outbox(100)).at(-1);
  expect(last).toMatchObject({ kind: 'campaign', id: campaignId, version: version + 1 });
  expect(last?.document).toMatchObject({ categories: [{ id: '1004', name: 'Night Bars', ancestors: [] }] });
});

test.each<[string, string, RegExp]>([
  ['a circle', products('1\t2\tA', '2\t1\tB'), /1 \(A\) lies above itself/],
  ['a parent that is not there', products('1\t9\tA'), /1: no parent 9/],
  ['an id twice', products('1\t\tA', '1\t\tB'), /line 3: 1 comes twice/],
  ['a row without a name', products('1\t\t'), /line 2: no name/],
  ['no titles', '1\t\tA', /no line names the columns/],
  ['no rows', products(), /no categories/],
  ['a table of it does not say what', 'id;parent;name\n1;;A', /--kind/],
])('%s is refused, and nothing of the table is taken', async (_, text, why) => {
  const before = await importCategories(tables, first);
  await expect(importCategories(tables, text)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(why),
  });
  expect(before.rows).toBe(5);
  expect(await importCategories(tables, first)).toMatchObject({ added: 0, changed: 0 });
});

test('the content taxonomy becomes what the table says, and marks stay', async () => {
  const content = (...rows: string[]) =>
    ['Relational ID System,,,Content Taxonomy v9', 'Unique ID,Parent,Name', ...rows].join('\n');
  const told = await importCategories(
    tables,
    content(
      '483,,Sports',
      '484,483,"Ball, Games"',
      'v9i3On,,Sensitive Topics',
      '8FD8nI,v9i3On,Terrorism',
      '380,,Crime',
    ),
  );
  expect(told).toEqual({ kind: 'content', rows: 5, added: 5, changed: 0, removed: 0, campaigns: 0 });
  expect(await markSensitive(tables, ['Crime', '9999'], true)).toMatchObject([{ id: '380', sensitive: true }]);
  expect(
    await importCategories(tables, content('483,,Sports', '484,483,"Ball, Games"', '380,483,Crime', '900,,New')),
  ).toMatchObject({ added: 1, changed: 1, removed: 2 });
  expect((await catalog.snapshot()).contentCategories).toEqual([
    { id: '380', name: 'Crime', parentId: '483', sensitive: true },
    { id: '483', name: 'Sports', parentId: null, sensitive: false },
    { id: '484', name: 'Ball, Games', parentId: '483', sensitive: false },
    { id: '900', name: 'New', parentId: null, sensitive: false },
  ]);
});

test('the audit of the house tells of every import and of every mark that changed, as the system', async () => {
  const imports = await houseAudit(server.url, 'category_table');
  expect(imports[0]).toMatchObject({
    actor: 'system',
    action: 'update',
    resource_id: 'iab-ad-product',
    after: { kind: 'product', rows: 5, added: 5, changed: 0, removed: 0, campaigns: 0 },
  });
  expect(imports.at(-1)).toMatchObject({ resource_id: 'iab-content', after: { added: 1, changed: 1, removed: 2 } });
  await markSensitive(tables, ['Crime', 'Sports'], true);
  await markSensitive(tables, ['Crime'], true);
  const marks = await houseAudit(server.url, 'content_category');
  expect(marks).toMatchObject([
    { actor: 'system', resource_id: '380', before: { sensitive: false }, after: { name: 'Crime', sensitive: true } },
    { resource_id: '483', before: { sensitive: false }, after: { name: 'Sports', sensitive: true } },
  ]);
});
