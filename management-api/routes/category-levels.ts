import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { limits } from '../limits.ts';

/** Throws Problem 422 where the tree that the category stands in now has more levels than a path of an export may name. */
export async function demandLevels(sql: DeskTransaction, id: string): Promise<void> {
  const { rows } = await sql.query<{ levels: number }>(
    `WITH RECURSIVE above AS (
       SELECT parent_category_id AS id, 1 AS level FROM competitive_categories WHERE id = $1
       UNION ALL SELECT c.parent_category_id, level + 1 FROM above JOIN competitive_categories c ON c.id = above.id
     ), below AS (
       SELECT $1::text AS id, 0 AS level
       UNION ALL SELECT c.id, level + 1 FROM below CROSS JOIN LATERAL (
         SELECT id FROM competitive_categories WHERE parent_category_id = below.id OFFSET 0) AS c
     ) SELECT (SELECT MAX(level) FROM above) + (SELECT MAX(level) FROM below) AS levels`,
    [id],
  );
  if ((rows[0]?.levels ?? 0) <= limits.categoryLevels) return;
  throw new Problem(422, 'Too deep', `categories lie at most ${limits.categoryLevels} levels deep`, [
    { pointer: '/parent_category_id', detail: 'lies too deep' },
  ]);
}
