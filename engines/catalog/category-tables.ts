import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import type { PublishedCategory } from '../../domain/category-table.ts';
import type { ContentCategory } from '../../domain/targeting/content-taxonomy.ts';
import { announce } from './announce.ts';
import { loadCampaigns } from './campaign-documents.ts';
import { loadContentCategories } from './content-categories.ts';
import type { Noted } from './desk.ts';
import { inTransaction, openPool } from './postgres-client.ts';
import { writeAsSystem } from './postgres-desk.ts';

export interface ImportOutcome {
  readonly added: number;
  /** Renamed or moved. */
  readonly changed: number;
  /** Were there and are not in the table any more. */
  readonly removed: number;
  /** Campaigns whose documents changed with their categories. */
  readonly campaigns: number;
}

export interface MarkedCategory extends ContentCategory {
  /** Whether it was sensitive before. */
  readonly was: boolean;
}

/** The catalog's tables of categories that others publish. EngineError as the catalog. */
export interface CategoryTables {
  /**
   * Competitive categories: added, renamed and moved as the table says; none is removed, because campaigns may have it. Campaigns
   * whose documents change get a new version and an outbox record, in the same transaction.
   */
  importCompetitive(
    rows: readonly PublishedCategory[],
    authority: string,
    noted: Noted<ImportOutcome>,
  ): Promise<ImportOutcome>;
  /** The content taxonomy: becomes what the table says. Marks stay; a new row is marked if it is in `sensitive`. */
  importContent(
    rows: readonly PublishedCategory[],
    authority: string,
    sensitive: readonly string[],
    noted: Noted<ImportOutcome>,
  ): Promise<ImportOutcome>;
  /** The content taxonomy as it is; empty: none was imported. */
  content(): Promise<readonly ContentCategory[]>;
  /** Marks content categories by id or name; answers those it found. */
  markSensitive(
    idsOrNames: readonly string[],
    sensitive: boolean,
    noted: Noted<readonly MarkedCategory[]>,
  ): Promise<readonly MarkedCategory[]>;
  /** Idempotent. */
  close(): Promise<void>;
}

export function openCategoryTables({ url }: { readonly url: string }): CategoryTables {
  const pool = openPool(url, 1);
  let closing: Promise<void> | undefined;
  return {
    importCompetitive(rows, authority, noted) {
      const write = async (client: pg.PoolClient) => {
        const before = await categorised(client);
        const { added, changed } = await writeCompetitive(client, rows, authority);
        const campaigns = await tellChanged(client, before);
        return { added, changed, removed: 0, campaigns };
      };
      return writeAsSystem(pool, write, noted);
    },
    importContent: (rows, authority, sensitive, noted) =>
      writeAsSystem(pool, (client) => writeContent(client, rows, authority, sensitive), noted),
    content: () => inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', loadContentCategories),
    markSensitive(idsOrNames, sensitive, noted) {
      const write = async (client: pg.PoolClient) => {
        const { rows } = await client.query<MarkedCategory>(
          `UPDATE content_categories c SET sensitive = $2 FROM content_categories known
           WHERE known.id = c.id AND (c.id = ANY ($1::text[]) OR c.name = ANY ($1::text[]))
           RETURNING c.id, c.name, c.parent_id AS "parentId", c.sensitive, known.sensitive AS was`,
          [idsOrNames, sensitive],
        );
        return rows;
      };
      return writeAsSystem(pool, write, noted);
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
}

const unnested = 'unnest($1::text[], $2::text[], $3::text[]) AS given (id, name, parent)';
const listsOf = (rows: readonly PublishedCategory[]) => [
  rows.map(({ id }) => id),
  rows.map(({ name }) => name),
  rows.map(({ parentId }) => parentId),
];

async function writeCompetitive(
  client: pg.PoolClient,
  rows: readonly PublishedCategory[],
  authority: string,
): Promise<{ readonly added: number; readonly changed: number }> {
  const lists = listsOf(rows);
  const changed = await client.query(
    `SELECT 1 FROM competitive_categories known JOIN ${unnested} ON known.id = given.id
     WHERE known.name <> given.name OR known.parent_category_id IS DISTINCT FROM given.parent`,
    lists,
  );
  const added = await client.query(
    `INSERT INTO competitive_categories (id, name, authority) SELECT id, name, $4 FROM ${unnested}
     ON CONFLICT (id) DO NOTHING`,
    [...lists, authority],
  );
  // Moved in two steps: half-way through, a branch that is turned round would lie above itself.
  await client.query(
    `UPDATE competitive_categories known SET name = given.name, authority = $4,
       parent_category_id = CASE WHEN known.parent_category_id = given.parent THEN given.parent END
     FROM ${unnested} WHERE known.id = given.id`,
    [...lists, authority],
  );
  await client.query(
    `UPDATE competitive_categories known SET parent_category_id = given.parent FROM ${unnested}
     WHERE known.id = given.id AND known.parent_category_id IS DISTINCT FROM given.parent`,
    lists,
  );
  return { added: added.rowCount ?? 0, changed: changed.rowCount ?? 0 };
}

async function writeContent(
  client: pg.PoolClient,
  rows: readonly PublishedCategory[],
  authority: string,
  sensitive: readonly string[],
): Promise<ImportOutcome> {
  const lists = listsOf(rows);
  const removed = await client.query('DELETE FROM content_categories WHERE id <> ALL ($1::text[])', [lists[0]]);
  const changed = await client.query(
    `UPDATE content_categories known SET name = given.name, parent_id = given.parent, authority = $4 FROM ${unnested}
     WHERE known.id = given.id AND (known.name <> given.name OR known.parent_id IS DISTINCT FROM given.parent)`,
    [...lists, authority],
  );
  const added = await client.query(
    `INSERT INTO content_categories (id, name, parent_id, authority, sensitive)
     SELECT id, name, parent, $4, id = ANY ($5::text[]) OR name = ANY ($5::text[]) FROM ${unnested}
     ON CONFLICT (id) DO NOTHING`,
    [...lists, authority, sensitive],
  );
  return { added: added.rowCount ?? 0, changed: changed.rowCount ?? 0, removed: removed.rowCount ?? 0, campaigns: 0 };
}

/** The campaigns that have a category. */
async function categorised(client: pg.PoolClient): Promise<readonly Campaign[]> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT DISTINCT campaign_id AS id FROM campaign_competitive_categories',
  );
  return await loadCampaigns(
    client,
    rows.map(({ id }) => id),
  );
}

/** Those whose documents are not what they were get a version and are told of; answers how many. */
async function tellChanged(client: pg.PoolClient, before: readonly Campaign[]): Promise<number> {
  const was = new Map(before.map((campaign) => [campaign.id, JSON.stringify(campaign.categories)]));
  const now = await categorised(client);
  const ids = now.filter(({ id, categories }) => was.get(id) !== JSON.stringify(categories)).map(({ id }) => id);
  if (ids.length === 0) return 0;
  await client.query('UPDATE campaigns SET version = version + 1, updated_at = NOW() WHERE id = ANY ($1::uuid[])', [
    ids,
  ]);
  await announce(client, await loadCampaigns(client, ids));
  return ids.length;
}
