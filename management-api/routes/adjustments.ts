import Type, { type Static } from 'typebox';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { isUuid } from '../../schemas/uuid.ts';
import { type AdjustmentRow, adjustmentReasons, billedOf } from '../analytics/adjustments.ts';
import { analyticsOf, withWarehouse } from '../analytics/ask-warehouse.ts';
import { type Read, shareTenant } from '../analytics/owners.ts';
import { created } from '../audit.ts';
import { limits } from '../limits.ts';
import { cursorOf, isTimestamp, pageOf, pageQuery, placeOf } from '../pages.ts';
import type { ManagementParts } from '../parts.ts';
import { route } from '../route.ts';
import { byId, closed, MICROS_MAX, oneOf, orNull, prose, readTime, time, uuid } from '../shapes.ts';

const tag = 'adjustments';
const path = '/api/v2/adjustments';

const reason = oneOf(...adjustmentReasons);

const newAdjustment = closed({
  campaign_id: uuid('it may be one that was deleted'),
  reason,
  from: time(),
  to: time(),
  impressions: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, description: 'billed impressions that are not owed' }),
  ),
  amount_micros: Type.Optional(
    Type.Integer({ minimum: 0, maximum: MICROS_MAX, description: 'what was billed for the time and is not owed' }),
  ),
  note: Type.Optional(prose(2_000)),
});

const newReversal = closed({ note: Type.Optional(prose(2_000)) });

const adjustment = Type.Object({
  id: uuid(),
  campaign_id: uuid(),
  advertiser_id: uuid(),
  reason: Type.String(),
  from: Type.String({ description: 'reports count it at this moment' }),
  to: Type.String(),
  impressions: Type.Integer({ description: 'negative: a reversal' }),
  amount_micros: Type.Integer({ description: 'negative: a reversal' }),
  note: orNull(Type.String()),
  reverses: orNull(uuid('the adjustment that it takes back')),
  recorded_by: Type.String(),
  recorded_at: Type.String(),
});

function shown(row: AdjustmentRow): Static<typeof adjustment> {
  return {
    id: row.id,
    campaign_id: row.campaign_id,
    advertiser_id: row.advertiser_id,
    reason: row.reason,
    from: row.from_time.toISOString(),
    to: row.to_time.toISOString(),
    impressions: Number(row.impressions),
    amount_micros: Number(row.amount_micros),
    note: row.note,
    reverses: row.reverses,
    recorded_by: row.recorded_by,
    recorded_at: row.recorded_at.toISOString(),
  };
}

export const adjustmentRoutes = [
  route({
    method: 'POST',
    path,
    tag,
    summary:
      'Record what was billed and is not owed, such as traffic found to be invalid later; entries are only ever added',
    scope: 'reports:write',
    body: newAdjustment,
    answer: adjustment,
    status: 201,
    refuses: [404, 422],
    async handle(ask, parts) {
      const { organisation } = ask.caller;
      const { body } = ask;
      const span = spanOf(body);
      const { impressions = 0, amount_micros: amount = 0 } = body;
      if (impressions === 0 && amount === 0) throw wrong('/amount_micros', 'this or impressions must be above 0');
      const wanted = { campaign: body.campaign_id.toLowerCase(), organisation, ...span, impressions, amount };
      // Asked first: nobody else can write while this one does. What is wrong is told inside, where no repetition comes.
      const asking = askBilled(wanted, (work) => ask.read(work, 'fresh'), parts);
      await Promise.allSettled([asking]);
      const answer = await ask.write(async (sql) => {
        const { advertiser, billed } = await asking;
        await refuseMoreThanBilled(wanted, billed, sql);
        const id = parts.random.uuid();
        await sql.query(
          `INSERT INTO adjustments (id, campaign_id, advertiser_id, reason, from_time, to_time, impressions, amount_micros, note,
             recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            id,
            wanted.campaign,
            advertiser,
            body.reason,
            new Date(span.from),
            new Date(span.to),
            impressions,
            amount,
            body.note ?? null,
            ask.caller.actor,
            new Date(parts.clock.now()),
          ],
        );
        const made = shown(await rowOf(sql, id));
        await created(ask, parts, sql, 'adjustment', made);
        return { body: made, location: `${path}/${id}` };
      });
      await copy(organisation, (work) => ask.read(work, 'fresh'), parts);
      return answer;
    },
  }),

  route({
    method: 'POST',
    path: `${path}/:id/reversal`,
    tag,
    summary: 'Take an adjustment back, by another of the same amount below zero; once',
    scope: 'reports:write',
    params: byId,
    body: newReversal,
    answer: adjustment,
    status: 201,
    refuses: [404, 409],
    async handle(ask, parts) {
      const answer = await ask.write(async (sql) => {
        const before = await rowOf(sql, ask.params.id.toLowerCase());
        if (before.reverses !== null)
          throw new Problem(409, 'A reversal', 'what takes back cannot be taken back: record anew');
        const id = parts.random.uuid();
        const { rows } = await sql.query(
          `INSERT INTO adjustments (id, campaign_id, advertiser_id, reason, from_time, to_time, impressions, amount_micros, note,
             reverses, recorded_by, recorded_at)
           SELECT $1, campaign_id, advertiser_id, reason, from_time, to_time, -impressions, -amount_micros, $2, id, $3, $4
           FROM adjustments WHERE id = $5 ON CONFLICT (reverses) DO NOTHING RETURNING id`,
          [id, ask.body.note ?? null, ask.caller.actor, new Date(parts.clock.now()), before.id],
        );
        if (rows.length === 0) throw new Problem(409, 'Reversed already', 'this adjustment was taken back before');
        const made = shown(await rowOf(sql, id));
        await created(ask, parts, sql, 'adjustment', made);
        return { body: made, location: `${path}/${id}` };
      });
      await copy(ask.caller.organisation, (work) => ask.read(work, 'fresh'), parts);
      return answer;
    },
  }),

  route({
    method: 'GET',
    path,
    tag,
    summary: 'List adjustments, the oldest first',
    scope: 'reports:read',
    query: closed({ ...pageQuery, campaign_id: Type.Optional(uuid()) }),
    answer: pageOf(adjustment),
    handle: async (ask) => {
      const limit = ask.query.limit ?? limits.pageItems;
      const place = placeOf('adjustments', ask.query.cursor, (value, id) => isUuid(id) && isTimestamp(value));
      const { rows } = await ask.read((sql) =>
        sql.query<AdjustmentRow>(
          `SELECT * FROM adjustments WHERE ($1::uuid IS NULL OR campaign_id = $1)
             AND ($2::timestamptz IS NULL OR (recorded_at, id) > ($2, $3::uuid)) ORDER BY recorded_at, id LIMIT $4`,
          [ask.query.campaign_id ?? null, place?.value ?? null, place?.id ?? null, limit + 1],
        ),
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const next =
        rows.length > limit && last
          ? cursorOf('adjustments', { value: last.recorded_at.toISOString(), id: last.id })
          : null;
      return { body: { items: page.map(shown), next_cursor: next } };
    },
  }),

  route({
    method: 'GET',
    path: `${path}/:id`,
    tag,
    summary: 'Read an adjustment',
    scope: 'reports:read',
    params: byId,
    answer: adjustment,
    handle: async (ask) => ({ body: shown(await ask.read((sql) => rowOf(sql, ask.params.id.toLowerCase()), 'fresh')) }),
  }),
];

/** Whole minutes, as roll-ups have them. Throws Problem 400. */
function spanOf(body: Static<typeof newAdjustment>): { readonly from: number; readonly to: number } {
  const [from, to] = [readTime(body.from, '/from').getTime(), readTime(body.to, '/to').getTime()];
  for (const [at, pointer] of [
    [from, '/from'],
    [to, '/to'],
  ] as const) {
    if (at % 60_000 !== 0) throw wrong(pointer, 'must be a whole minute');
    if (at < 0 || at / 1_000 >= 2 ** 32) throw wrong(pointer, 'must be between 1970 and 2106');
  }
  if (to <= from) throw wrong('/to', 'must be after from');
  return { from, to };
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}

/** Also of a campaign that is gone. Throws Problem 404. */
async function advertiserOf(sql: DeskTransaction, campaign: string): Promise<string> {
  const { rows } = await sql.query<{ parent_id: string | null }>(
    `SELECT parent_id FROM owned_names WHERE id = $1 AND kind = 'campaign'`,
    [campaign],
  );
  const [found] = rows;
  if (!found?.parent_id) throw new Problem(404, 'Not found', 'there is no campaign of this id, nor was there one');
  return found.parent_id;
}

/** Throws Problem 404. */
async function rowOf(sql: DeskTransaction, id: string): Promise<AdjustmentRow> {
  const { rows } = await sql.query<AdjustmentRow>('SELECT * FROM adjustments WHERE id = $1', [id]);
  if (rows[0]) return rows[0];
  throw new Problem(404, 'Not found', 'there is no adjustment of this id');
}

interface Wanted {
  readonly campaign: string;
  readonly organisation: string;
  readonly from: number;
  readonly to: number;
  readonly impressions: number;
  readonly amount: number;
}

type Billed = Awaited<ReturnType<typeof billedOf>>;

/** Whose the campaign is, and what was billed for the time. Throws Problem 404, 503 where the warehouse is away. */
async function askBilled(
  wanted: Wanted,
  read: Read,
  parts: ManagementParts,
): Promise<{ readonly advertiser: string; readonly billed: Billed }> {
  const advertiser = await read((sql) => advertiserOf(sql, wanted.campaign));
  const billed = await withWarehouse('delivery', parts, async () => {
    await shareTenant(wanted.organisation, read, analyticsOf(parts));
    return billedOf(wanted, analyticsOf(parts));
  });
  return { advertiser, billed };
}

/** Nobody is owed more than was billed: less what was adjusted before in any time that this one touches. Throws Problem 422. */
async function refuseMoreThanBilled(
  { campaign, from, to, impressions, amount }: Wanted,
  billed: Billed,
  sql: DeskTransaction,
): Promise<void> {
  const { rows } = await sql.query<{ impressions: string; micros: string }>(
    `SELECT COALESCE(sum(impressions), 0) AS impressions, COALESCE(sum(amount_micros), 0) AS micros FROM adjustments
     WHERE campaign_id = $1 AND from_time < $3 AND to_time > $2`,
    [campaign, new Date(from), new Date(to)],
  );
  const left = {
    impressions: billed.impressions - Number(rows[0]?.impressions ?? 0),
    amount_micros: billed.micros - Number(rows[0]?.micros ?? 0),
  };
  for (const [name, asked] of [
    ['impressions', impressions],
    ['amount_micros', amount],
  ] as const) {
    if (asked <= left[name]) continue;
    throw new Problem(
      422,
      'More than was billed',
      `of that time ${Math.max(0, left[name])} ${name} can still be adjusted`,
      [{ pointer: `/${name}`, detail: `must be at most ${Math.max(0, left[name])}` }],
    );
  }
}

/** So that analysts' SQL sees it at once. Where the warehouse is away, whoever asks for a report brings it there. */
async function copy(organisation: string, read: Read, parts: ManagementParts): Promise<void> {
  try {
    await shareTenant(organisation, read, analyticsOf(parts));
  } catch (error) {
    parts.logger.warn({ err: error }, 'an adjustment is not in the warehouse yet');
  }
}
