import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { isUuid } from '../../schemas/uuid.ts';
import { limits } from '../limits.ts';
import { cursorOf, pageQuery, placeOf } from '../pages.ts';
import { closed, oneOf, uuid } from '../shapes.ts';
import { extrasOf } from './change.ts';
import { type CampaignAnswer, shown, status } from './shape.ts';

export const listQuery = closed({
  ...pageQuery,
  status: Type.Optional(status),
  advertiser_id: Type.Optional(uuid()),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'a part of the name' })),
  sort: Type.Optional(oneOf('created_at', '-created_at', 'name', '-name', 'starts_at', '-starts_at')),
});

/** Sort key -> the expression that rows are ordered by, as text that sorts alike. */
const orders = {
  created_at: { column: 'created_at', type: 'timestamptz' },
  name: { column: 'name', type: 'text' },
  starts_at: { column: 'start_date', type: 'timestamptz' },
} as const;

/** A page of campaigns in a total order: the sort key, then the id. */
export async function listCampaigns(
  sql: DeskTransaction,
  query: Static<typeof listQuery>,
): Promise<{ items: CampaignAnswer[]; next_cursor: string | null }> {
  const sort = query.sort ?? '-created_at';
  const down = sort.startsWith('-');
  const { column, type } = orders[sort.replace('-', '') as keyof typeof orders];
  const place = placeOf(
    `campaigns:${sort}`,
    query.cursor,
    (value, id) => isUuid(id) && (type === 'text' || isTimestamp(value)),
  );
  const limit = query.limit ?? limits.pageItems;
  const compare = down ? '<' : '>';
  const direction = down ? 'DESC' : 'ASC';
  const { rows } = await sql.query<{ id: string; place: string }>(
    `SELECT id, ${column}::text AS place FROM campaigns
     WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR advertiser_id = $2)
       AND ($3::text IS NULL OR POSITION(LOWER($3) IN LOWER(name)) > 0)
       AND ($4::text IS NULL OR (${column}, id) ${compare} ($4::${type}, $5::uuid))
     ORDER BY ${column} ${direction}, id ${direction} LIMIT $6`,
    [
      query.status ?? null,
      query.advertiser_id ?? null,
      query.name ?? null,
      place?.value ?? null,
      place?.id ?? null,
      limit + 1,
    ],
  );
  const page = rows.slice(0, limit);
  const ids = page.map(({ id }) => id);
  const documents = new Map((await sql.campaigns(ids)).map((campaign) => [campaign.id, campaign]));
  const extras = await extrasOf(sql, ids);
  const last = page.at(-1);
  return {
    items: ids.flatMap((id) => {
      const [campaign, more] = [documents.get(id), extras.get(id)];
      return campaign && more ? [shown(campaign, more)] : [];
    }),
    next_cursor: rows.length > limit && last ? cursorOf(`campaigns:${sort}`, { value: last.place, id: last.id }) : null,
  };
}

/** As PostgreSQL writes it; what Date cannot read PostgreSQL would refuse too. */
function isTimestamp(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}(:\d{2})?$/.test(value);
}
