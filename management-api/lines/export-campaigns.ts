import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { extrasOf } from '../campaigns/change.ts';
import { toLine } from './whole-campaign.ts';

const PAGE = 200;

/** Every campaign of the organisation, in the order of their ids, a page in memory at a time. */
export async function* exportCampaigns(
  sql: DeskTransaction,
  only: { readonly status: string | null; readonly advertiser: string | null },
): AsyncGenerator<string> {
  const names = new Map<string, string>();
  let after = '00000000-0000-0000-0000-000000000000';
  while (true) {
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM campaigns WHERE id > $1 AND ($2::text IS NULL OR status = $2)
         AND ($3::uuid IS NULL OR advertiser_id = $3) ORDER BY id LIMIT ${PAGE}`,
      [after, only.status, only.advertiser],
    );
    const ids = rows.map(({ id }) => id);
    const campaigns = await sql.campaigns(ids);
    const extras = await extrasOf(sql, ids);
    const above = campaigns.flatMap(({ categories }) => categories.flatMap(({ ancestors }) => ancestors));
    await learnNames(sql, names, above);
    for (const campaign of campaigns) {
      const more = extras.get(campaign.id);
      if (more) yield toLine(campaign, more, names);
    }
    if (rows.length < PAGE) return;
    after = ids.at(-1) ?? after;
  }
}

async function learnNames(sql: DeskTransaction, names: Map<string, string>, ids: readonly string[]): Promise<void> {
  const unknown = [...new Set(ids)].filter((id) => !names.has(id));
  if (unknown.length === 0) return;
  const { rows } = await sql.query<{ id: string; name: string }>(
    'SELECT id, name FROM competitive_categories WHERE id = ANY ($1::text[])',
    [unknown],
  );
  for (const { id, name } of rows) names.set(id, name);
}
