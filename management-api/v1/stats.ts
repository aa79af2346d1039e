import Type, { type Static } from 'typebox';
import { decimalOf } from '../../domain/decimal.ts';
import { micros } from '../../domain/money.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { parameterBatches } from '../../engines/warehouse/parameter-batches.ts';
import type { ManagementParts } from '../parts.ts';
import { closed } from '../shapes.ts';
import { rowsOf } from '../warehouse.ts';

const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'a day in UTC, 2026-11-27' });

export const daysQuery = closed({ start_date: Type.Optional(day), end_date: Type.Optional(day) });

const counts = {
  impressions: Type.Integer(),
  clicks: Type.Integer(),
  completions: Type.Integer(),
  spend: Type.Number({ description: 'currency units' }),
};
const rate = Type.Union([Type.Number(), Type.Null()], { description: 'null without impressions' });

export const totals = {
  ...counts,
  ctr: rate,
  completion_rate: rate,
  carried_over: Type.Object(counts, { description: 'what of it the MVP had counted' }),
};
export const daily = Type.Array(Type.Object({ date: Type.String(), ...counts }));

/** Whole numbers; spend in micros. */
export interface Counts {
  readonly impressions: number;
  readonly clicks: number;
  readonly completions: number;
  readonly spendMicros: number;
}

export interface DayCounts extends Counts {
  readonly date: string;
  readonly carriedOver: boolean;
}

export interface Days {
  readonly from: string;
  readonly to: string;
}

/** The days of a query; without them, all. Throws Problem 400. */
export function daysOf({ start_date = '2000-01-01', end_date = '2099-12-31' }: Static<typeof daysQuery>): Days {
  for (const [pointer, text] of [
    ['/start_date', start_date],
    ['/end_date', end_date],
  ] as const) {
    const at = new Date(`${text}T00:00:00Z`);
    const there = Number.isFinite(at.getTime()) && at.toISOString().startsWith(text);
    // As far as the warehouse's days go.
    if (!there || text < '1970-01-01' || text > '2149-06-06') throw wrong(pointer, 'is not a day from 1970 to 2149');
  }
  if (end_date < start_date) throw wrong('/end_date', 'must not be before start_date');
  return { from: start_date, to: end_date };
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}

interface CarriedRow {
  readonly date: string;
  readonly impressions: string;
  readonly clicks: string;
  readonly completions: string;
  readonly spend: string;
}

/** What the MVP counted, by day. `ids`: of campaigns that the caller sees; null: all of those. */
export async function carriedDays(
  sql: DeskTransaction,
  ids: readonly string[] | null,
  { from, to }: Days,
): Promise<DayCounts[]> {
  const { rows } = await sql.query<CarriedRow>(
    `SELECT date::text AS date, SUM(impressions) AS impressions, SUM(clicks) AS clicks, SUM(completions) AS completions,
       SUM(spend_micros) AS spend FROM carried_over_days
     WHERE ($1::uuid[] IS NULL OR campaign_id = ANY ($1)) AND date BETWEEN $2::date AND $3::date GROUP BY date`,
    [ids, from, to],
  );
  return rows.map((row) => dayCounts(row, true));
}

/** The same of one creative: the MVP knew neither its clicks nor its spend. */
export async function carriedCreativeDays(sql: DeskTransaction, id: string, { from, to }: Days): Promise<DayCounts[]> {
  const { rows } = await sql.query<CarriedRow>(
    `SELECT date::text AS date, SUM(impressions) AS impressions, 0 AS clicks, SUM(completions) AS completions, 0 AS spend
     FROM carried_over_creative_days WHERE creative_id = $1 AND date BETWEEN $2::date AND $3::date GROUP BY date`,
    [id, from, to],
  );
  return rows.map((row) => dayCounts(row, true));
}

const sums =
  'sum(d.impressions) AS impressions, sum(d.clicks) AS clicks, sum(d.completes) AS completions, sum(d.spend_micros) AS spend';

/** What the stream counted, by day. Throws Problem 503. */
export async function streamDays(
  parts: Pick<ManagementParts, 'warehouse'>,
  of: { readonly column: 'campaign' | 'creative'; readonly ids: readonly string[] },
  { from, to }: Days,
): Promise<DayCounts[]> {
  const days: DayCounts[] = [];
  // All campaigns of an organisation may be more than one parameter takes; the same day then comes more than once.
  for (const ids of parameterBatches(of.ids, (id) => id)) {
    const rows = await rowsOf<CarriedRow>(
      parts,
      `SELECT toString(day) AS date, ${sums} FROM breakwater.delivery_days AS d FINAL
       WHERE ${of.column} IN ({ids:Array(UUID)}) AND day BETWEEN {from:Date} AND {to:Date} GROUP BY day`,
      { ids, from, to },
    );
    days.push(...rows.map((row) => dayCounts(row, false)));
  }
  return days;
}

export interface Share extends Counts {
  readonly name: string;
}

/** What the stream counted of one campaign, by creative, country or kind of device. Throws Problem 503. */
export async function streamShares(
  parts: Pick<ManagementParts, 'warehouse'>,
  campaign: string,
  by: 'creative' | 'country' | 'device_type',
  { from, to }: Days,
): Promise<Share[]> {
  const rows = await rowsOf<CarriedRow & { name: string }>(
    parts,
    `SELECT toString(${by}) AS name, ${sums} FROM breakwater.delivery_days AS d FINAL
     WHERE campaign = {campaign:UUID} AND day BETWEEN {from:Date} AND {to:Date}
     GROUP BY name ORDER BY impressions DESC, name LIMIT 500`,
    { campaign, from, to },
  );
  return rows.map((row) => ({ name: row.name, ...dayCounts(row, false) }));
}

function dayCounts({ date, impressions, clicks, completions, spend }: CarriedRow, carriedOver: boolean): DayCounts {
  return {
    date,
    carriedOver,
    impressions: Number(impressions),
    clicks: Number(clicks),
    completions: Number(completions),
    spendMicros: Number(spend),
  };
}

export function sumOf(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, each) => ({
      impressions: sum.impressions + each.impressions,
      clicks: sum.clicks + each.clicks,
      completions: sum.completions + each.completions,
      spendMicros: sum.spendMicros + each.spendMicros,
    }),
    { impressions: 0, clicks: 0, completions: 0, spendMicros: 0 },
  );
}

export function shownCounts({ impressions, clicks, completions, spendMicros }: Counts) {
  return { impressions, clicks, completions, spend: Number(decimalOf(micros(spendMicros))) };
}

/** Totals with their rates, to four decimals as the MVP's columns were. */
export function shownTotals(days: readonly DayCounts[]) {
  const all = sumOf(days);
  const share = (part: number) =>
    all.impressions === 0 ? null : Math.round((part / all.impressions) * 10_000) / 10_000;
  return {
    ...shownCounts(all),
    ctr: share(all.clicks),
    completion_rate: share(all.completions),
    carried_over: shownCounts(sumOf(days.filter(({ carriedOver }) => carriedOver))),
  };
}

/** One line a day, oldest first; on the day of moving both counted. */
export function shownDays(days: readonly DayCounts[]) {
  const byDate = Map.groupBy(days, ({ date }) => date);
  return [...byDate].sort(([a], [b]) => (a < b ? -1 : 1)).map(([date, all]) => ({ date, ...shownCounts(sumOf(all)) }));
}
