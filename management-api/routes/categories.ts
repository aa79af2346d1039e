import Type from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { created } from '../audit.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { pageByName, pageOf, pageQuery, placeOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId, closed, name, orNull, prose, uuid } from '../shapes.ts';
import { demandLevels } from './category-levels.ts';
import { type CategoryRow, category, categoryId, shown } from './category-shape.ts';

const tag = 'categories';

const newCategory = closed({
  name: name(100),
  description: Type.Optional(orNull(prose())),
  parent_category_id: Type.Optional(orNull(categoryId)),
});

const ofCampaign = Type.Object({
  campaign_id: uuid(),
  version: Type.Integer(),
  categories: Type.Array(Type.Object({ id: categoryId, name: Type.String(), ancestors: Type.Array(categoryId) })),
});

const part = { resource: 'campaign_categories', show: (campaign: Campaign) => campaign.categories };

const page = 'WHERE ($1::text IS NULL OR (name, id) > ($1, $2)) ORDER BY name, id LIMIT $3';
const all = `SELECT * FROM competitive_categories ${page}`;
/** Level by level: nobody knows beforehand how few lie below, and a join of what is guessed would read all. */
const below = `
  WITH RECURSIVE below AS (
    SELECT id FROM competitive_categories WHERE parent_category_id = $4::text
    UNION SELECT child.id FROM below
      CROSS JOIN LATERAL (SELECT id FROM competitive_categories WHERE parent_category_id = below.id OFFSET 0) AS child
  )
  SELECT c.* FROM below CROSS JOIN LATERAL (SELECT * FROM competitive_categories WHERE id = below.id OFFSET 0) AS c
  ${page.replaceAll(/\b(name|id)\b/g, 'c.$1')}`;

export const categoryRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/categories',
    tag,
    summary: 'Create a competitive category, below another or at the top',
    scope: 'campaigns:write',
    body: newCategory,
    answer: category,
    status: 201,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { name: wanted, description = null, parent_category_id: parent = null } = ask.body;
        if (parent !== null && !(await isCategory(sql, parent))) {
          throw new Problem(422, 'No such category', `there is no category ${parent}`, [
            { pointer: '/parent_category_id', detail: 'is not a category' },
          ]);
        }
        const { rows } = await sql.query<CategoryRow>(
          `INSERT INTO competitive_categories (id, name, description, parent_category_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING *`,
          [parts.random.uuid(), wanted, description, parent],
        );
        if (!rows[0]) {
          throw new Problem(409, 'There already', `there is a category named ${wanted}`, [
            { pointer: '/name', detail: 'is taken' },
          ]);
        }
        await demandLevels(sql, rows[0].id);
        const body = shown(rows[0]);
        await created(ask, parts, sql, 'category', body);
        return { body, version: body.version, location: `/api/v2/categories/${body.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/categories',
    tag,
    summary: 'List categories, your own and the shared ones, by name; each names the one above it',
    scope: 'campaigns:read',
    query: closed({ ...pageQuery, under: Type.Optional(categoryId) }),
    answer: pageOf(category),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('categories', ask.query.cursor, () => true);
      const { rows } = await ask.read((sql) =>
        sql.query<CategoryRow>(ask.query.under === undefined ? all : below, [
          place?.value ?? null,
          place?.id ?? null,
          limit + 1,
          ...(ask.query.under === undefined ? [] : [ask.query.under]),
        ]),
      );
      return { body: pageByName('categories', rows, limit, shown) };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/categories/:id',
    tag,
    summary: 'Read a category',
    scope: 'campaigns:read',
    params: closed({ id: categoryId }),
    answer: category,
    handle: async (ask) => {
      const { rows } = await ask.read((sql) =>
        sql.query<CategoryRow>('SELECT * FROM competitive_categories WHERE id = $1', [ask.params.id]),
      );
      if (rows[0]) return { body: shown(rows[0]), version: Number(rows[0].version) };
      throw new Problem(404, 'Not found', `there is no category ${ask.params.id}`);
    },
  }),

  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id/categories',
    tag,
    summary: 'Read the categories of a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: ofCampaign,
    handle: async (ask) => answered(await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh')),
  }),

  route({
    method: 'POST',
    path: '/api/v2/campaigns/:id/categories',
    tag,
    summary: 'Set the categories of a campaign: whom it must not stand beside',
    scope: 'campaigns:write',
    versioned: 'optional',
    params: byId,
    body: closed({ category_ids: Type.Array(categoryId, { maxItems: limits.categories, uniqueItems: true }) }),
    answer: ofCampaign,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const categories = await documentsOf(sql, ask.body.category_ids);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => ({
          ...before,
          categories,
        }));
        return answered(changed);
      }),
  }),
];

async function isCategory(sql: DeskTransaction, id: string): Promise<boolean> {
  const { rows } = await sql.query('SELECT FROM competitive_categories WHERE id = $1', [id]);
  return rows.length > 0;
}

/** Throws Problem 422 for ids that are no categories. */
async function documentsOf(sql: DeskTransaction, ids: readonly string[]): Promise<Campaign['categories']> {
  const { found, missing } = await categoriesOf(sql, ids);
  if (missing.length === 0) return found;
  const wrong = missing.map((index) => ({ pointer: `/category_ids/${index}`, detail: 'is not a category' }));
  throw new Problem(422, 'No such category', 'some ids are not categories', wrong);
}

/** As a campaign document has them: with all that lies above; and which of the ids, by their place, are no categories. */
export async function categoriesOf(
  sql: DeskTransaction,
  ids: readonly string[],
): Promise<{ readonly found: Campaign['categories']; readonly missing: readonly number[] }> {
  const { rows } = await sql.query<{ id: string; name: string; ancestors: string[] }>(
    `WITH RECURSIVE above AS (
       SELECT id AS category_id, parent_category_id AS ancestor, 1 AS depth FROM competitive_categories WHERE id = ANY ($1::text[])
       UNION ALL
       SELECT above.category_id, parent.parent_category_id, above.depth + 1
       FROM above JOIN competitive_categories parent ON parent.id = above.ancestor
     )
     SELECT id, name, ARRAY(SELECT ancestor::text FROM above WHERE category_id = id AND ancestor IS NOT NULL
       ORDER BY depth) AS ancestors
     FROM competitive_categories WHERE id = ANY ($1::text[])`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return {
    found: ids.flatMap((id) => found.get(id) ?? []),
    missing: ids.flatMap((id, index) => (found.has(id) ? [] : [index])),
  };
}

function answered({ id, version, categories }: Campaign) {
  const body = {
    campaign_id: id,
    version,
    categories: categories.map((each) => ({ id: each.id, name: each.name, ancestors: [...each.ancestors] })),
  };
  return { body, version };
}
