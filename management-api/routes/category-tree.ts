import Type, { type TSchema } from 'typebox';
import type { DeskTransaction, DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { changed, deleted } from '../audit.ts';
import { sameVersion } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { route } from '../route.ts';
import { closed, name, orNull, prose } from '../shapes.ts';
import { demandLevels } from './category-levels.ts';
import { type Category, type CategoryRow, category, categoryId, shown } from './category-shape.ts';

const tag = 'categories';
const byCategory = closed({ id: categoryId });

const patch = closed(
  {
    name: Type.Optional(name(100)),
    description: Type.Optional(orNull(prose())),
    parent_category_id: Type.Optional(orNull(categoryId)),
  },
  { minProperties: 1 },
);

const node = Type.Cyclic(
  {
    Node: Type.Object({
      id: categoryId,
      name: Type.String(),
      shared: Type.Boolean(),
      children: Type.Array(Type.Ref('Node')),
    }),
  },
  'Node',
) as unknown as TSchema;

interface Node {
  readonly id: string;
  readonly name: string;
  readonly shared: boolean;
  readonly children: Node[];
}

/** The tree of categories: reading it whole, moving within it, taking out of it. */
export const categoryTreeRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/categories/tree',
    tag,
    summary: 'Read all categories as trees, or the one below a category',
    scope: 'campaigns:read',
    query: closed({ under: Type.Optional(categoryId) }),
    answer: Type.Object({ items: Type.Array(node) }),
    handle: async (ask) => {
      const rows = await ask.read(readAll);
      return { body: { items: treesOf(rows, ask.query.under ?? null) } };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/categories/:id',
    tag,
    summary: 'Rename a category of yours or move it below another; campaigns that carry it follow',
    scope: 'campaigns:write',
    params: byCategory,
    body: patch,
    answer: category,
    versioned: true,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await ownCategory(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const after = { ...before, ...ask.body, version: before.version + 1 };
        await checkPlace(sql, after);
        const taken = await sql.query(
          'SELECT FROM competitive_categories WHERE name = $1 AND id <> $2 AND organisation_id IS NOT NULL',
          [after.name, before.id],
        );
        if (taken.rows.length > 0) {
          throw new Problem(409, 'There already', `there is a category named ${after.name}`, [
            { pointer: '/name', detail: 'is taken' },
          ]);
        }
        await sql.query(
          `UPDATE competitive_categories SET name = $2, description = $3, parent_category_id = $4, version = $5 WHERE id = $1`,
          [before.id, after.name, after.description, after.parent_category_id, after.version],
        );
        if (after.parent_category_id !== before.parent_category_id) await demandLevels(sql, before.id);
        await announceCarriers(sql, before.id);
        await changed(ask, parts, sql, 'category', before, after);
        return { body: after, version: after.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/categories/:id',
    tag,
    summary: 'Delete a category of yours that no campaign carries and no other lies below',
    scope: 'campaigns:write',
    params: byCategory,
    versioned: true,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await ownCategory(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        const used = await sql.query(
          `SELECT FROM competitive_categories WHERE parent_category_id = $1
           UNION ALL SELECT FROM campaign_competitive_categories WHERE category_id = $1`,
          [before.id],
        );
        if (used.count > 0) throw new Problem(409, 'In use', 'campaigns carry it or other categories lie below it');
        await sql.query('DELETE FROM competitive_categories WHERE id = $1', [before.id]);
        await deleted(ask, parts, sql, 'category', before);
        return {};
      }),
  }),
];

async function readAll(sql: DeskTransaction): Promise<readonly CategoryRow[]> {
  const { rows } = await sql.query<CategoryRow>('SELECT * FROM competitive_categories ORDER BY name, id LIMIT $1', [
    limits.categoriesInTree + 1,
  ]);
  if (rows.length <= limits.categoriesInTree) return rows;
  throw new Problem(422, 'Too many', `there are more than ${limits.categoriesInTree} categories: list them by pages`);
}

/** Throws Problem 404 where there is no such root. A row whose parent is itself, or cannot be seen, is a root. */
function treesOf(rows: readonly CategoryRow[], under: string | null): Node[] {
  const nodes = new Map(
    rows.map((row) => [
      row.id,
      { id: row.id, name: row.name, shared: row.organisation_id === null, children: [] as Node[] },
    ]),
  );
  const roots: Node[] = [];
  for (const row of rows) {
    const own = nodes.get(row.id) as Node;
    const parent = row.parent_category_id === row.id ? undefined : nodes.get(row.parent_category_id ?? '');
    (parent?.children ?? roots).push(own);
  }
  if (under === null) return roots;
  const root = nodes.get(under);
  if (root) return [root];
  throw new Problem(404, 'Not found', `there is no category ${under}`);
}

/** Throws Problem 404 where it cannot be seen, 409 where it is everybody's. */
async function ownCategory(sql: DeskTransaction, id: string): Promise<Category> {
  const { rows } = await sql.query<CategoryRow>('SELECT * FROM competitive_categories WHERE id = $1', [id]);
  if (!rows[0]) throw new Problem(404, 'Not found', `there is no category ${id}`);
  if (rows[0].organisation_id === null) {
    throw new Problem(409, 'Shared', 'it is of an imported table that everybody uses: nobody changes it');
  }
  return shown(rows[0]);
}

/** Throws Problem 422 where the parent is no category or lies below the category itself. */
async function checkPlace(sql: DeskTransaction, { id, parent_category_id: parent }: Category): Promise<void> {
  if (parent === null) return;
  const { rows } = await sql.query<{ id: string }>(
    `WITH RECURSIVE above AS (
       SELECT id, parent_category_id FROM competitive_categories WHERE id = $1
       UNION SELECT c.id, c.parent_category_id FROM competitive_categories c JOIN above ON c.id = above.parent_category_id
     ) SELECT id FROM above`,
    [parent],
  );
  const wrong = rows.length === 0 ? 'is not a category' : rows.some((row) => row.id === id) ? 'lies below it' : null;
  if (wrong === null) return;
  throw new Problem(422, 'No such place', `${parent} ${wrong}`, [{ pointer: '/parent_category_id', detail: wrong }]);
}

/** Campaign documents carry names of categories and all that lies above them. */
async function announceCarriers(sql: DeskWrite, id: string): Promise<void> {
  const { rows } = await sql.query<{ campaign_id: string }>(
    `WITH RECURSIVE below AS (
       SELECT $1::text AS id
       UNION SELECT c.id FROM competitive_categories c JOIN below ON c.parent_category_id = below.id
     ) SELECT DISTINCT campaign_id FROM campaign_competitive_categories WHERE category_id IN (SELECT id FROM below)`,
    [id],
  );
  await sql.announceCampaigns(rows.map(({ campaign_id: carrying }) => carrying));
}
