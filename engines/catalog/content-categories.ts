import type pg from 'pg';
import type { ContentCategory } from '../../domain/targeting/content-taxonomy.ts';

/** Every content category, by id. */
export async function loadContentCategories(client: pg.PoolClient): Promise<readonly ContentCategory[]> {
  const { rows } = await client.query<ContentCategory>(
    'SELECT id, name, parent_id AS "parentId", sensitive FROM content_categories ORDER BY id',
  );
  return rows;
}
