import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { isUuid } from '../../schemas/uuid.ts';
import { limits } from '../limits.ts';
import { cursorOf, isTimestamp, pageQuery, placeOf } from '../pages.ts';
import { closed, oneOf, readTime, time, uuid } from '../shapes.ts';
import { extrasOf } from './change.ts';
import { type CampaignAnswer, shown, status } from './shape.ts';

const orders = [
  'created_at',
  '-created_at',
  'name',
  '-name',
  'starts_at',
  '-starts_at',
  'ends_at',
  '-ends_at',
] as const;

export const listQuery = closed({
  ...pageQuery,
  status: Type.Optional(status),
  advertiser_id: Type.Optional(uuid()),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'a part of the name, in any case' })),
  tier: Type.Optional(oneOf('guaranteed', 'standard', 'house')),
  pricing_model: Type.Optional(oneOf('cpm', 'cpc', 'cpv', 'flat')),
  category_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  running_at: Type.Optional({ ...time(), description: 'within the flight' } as ReturnType<typeof time>),
  sort: Type.Optional(oneOf(...orders)),
});

/** Sort key -> the column that rows are ordered by; each order has an index (migrations/0030). */
const columns = {
  created_at: { column: 'created_at', type: 'timestamptz' },
  name: { column: 'name', type: 'text' },
  starts_at: { column: 'start_date', type: 'timestamptz' },
  ends_at: { column: 'end_date', type: 'timestamptz' },
} as const;

/** More names that hold the part than this are found sooner by reading on in order. */
const NAMED_MOST = 1_000;

/** A page of campaigns in a total order: the sort key, then the id. */
export async function listCampaigns(
  sql: DeskTransaction,
  query: Static<typeof listQuery>,
): Promise<{ items: CampaignAnswer[]; next_cursor: string | null }> {
  const sort = query.sort ?? '-created_at';
  const { column, type } = columns[sort.replace('-', '') as keyof typeof columns];
  const order = `campaigns:${sort}`;
  const fits = (value: string, id: string) => isUuid(id) && (type === 'text' || isTimestamp(value));
  const place = placeOf(order, query.cursor, fits);
  const limit = query.limit ?? limits.pageItems;
  const down = sort.startsWith('-');
  const where = conditionsOf(query);
  if (query.name !== undefined) await addName(sql, query.name, where);
  if (place !== null) {
    where.add((at) => `(${column}, id) ${down ? '<' : '>'} (${at()}::${type}, ${at()}::uuid)`, place.value, place.id);
  }
  const direction = down ? 'DESC' : 'ASC';
  const { rows } = await sql.query<{ id: string; place: string }>(
    `SELECT id, ${column}::text AS place FROM campaigns WHERE ${where.text()}
     ORDER BY ${column} ${direction}, id ${direction} LIMIT ${limit + 1}`,
    where.values,
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    items: await shownInOrder(
      sql,
      page.map(({ id }) => id),
    ),
    next_cursor: last ? cursorOf(order, { value: last.place, id: last.id }) : null,
  };
}

/** Conditions with their values; only those that are asked for, so that each list is read by the index that suits it. */
class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  add(text: (at: () => string) => string, ...values: readonly unknown[]): void {
    let next = this.values.length;
    this.values.push(...values);
    this.#texts.push(text(() => `$${++next}`));
  }

  text(): string {
    return this.#texts.length === 0 ? 'true' : this.#texts.join(' AND ');
  }
}

function conditionsOf(query: Static<typeof listQuery>): Conditions {
  const where = new Conditions();
  if (query.status !== undefined) where.add((at) => `status = ${at()}`, query.status);
  if (query.advertiser_id !== undefined) where.add((at) => `advertiser_id = ${at()}::uuid`, query.advertiser_id);
  if (query.tier !== undefined) where.add((at) => `tier = ${at()}`, query.tier);
  if (query.pricing_model !== undefined) where.add((at) => `pricing_model = ${at()}`, query.pricing_model);
  if (query.category_id !== undefined) {
    const carrying = (at: () => string) =>
      `id IN (SELECT campaign_id FROM campaign_competitive_categories WHERE category_id = ${at()})`;
    where.add(carrying, query.category_id);
  }
  if (query.running_at !== undefined) {
    const moment = readTime(query.running_at, '/running_at');
    where.add((at) => `start_date <= ${at()} AND end_date > ${at()}`, moment, moment);
  }
  return where;
}

async function addName(sql: DeskTransaction, part: string, where: Conditions): Promise<void> {
  const { rows } = await sql.query<{ id: string }>('SELECT id FROM campaigns_named($1, $2) AS id', [
    part,
    NAMED_MOST + 1,
  ]);
  if (rows.length > NAMED_MOST) where.add((at) => `POSITION(LOWER(${at()}) IN LOWER(name)) > 0`, part);
  else
    where.add(
      (at) => `id = ANY (${at()}::uuid[])`,
      rows.map(({ id }) => id),
    );
}

async function shownInOrder(sql: DeskTransaction, ids: readonly string[]): Promise<CampaignAnswer[]> {
  const documents = new Map((await sql.campaigns(ids)).map((campaign) => [campaign.id, campaign]));
  const extras = await extrasOf(sql, ids);
  return ids.flatMap((id) => {
    const [campaign, more] = [documents.get(id), extras.get(id)];
    return campaign && more ? [shown(campaign, more)] : [];
  });
}
