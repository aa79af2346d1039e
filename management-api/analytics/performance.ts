import Type, { type Static } from 'typebox';
import { flatOwed } from '../../domain/pacing/flat.ts';
import { dayOf, endOfDay, startOfDay } from '../../domain/zone.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { limits } from '../limits.ts';
import { cursorOf, pageQuery, placeOf } from '../pages.ts';
import type { ManagementParts } from '../parts.ts';
import { closed, oneOf, orNull, uuid } from '../shapes.ts';
import { analyticsOf, dataAsOf, orNull as nullIfAway, withWarehouse } from './ask-warehouse.ts';
import { type Live, readLive } from './live.ts';
import type { MeasureName } from './measures.ts';
import { type Read, shareTenant } from './owners.ts';
import { compile } from './reports/compile.ts';
import type { Report } from './reports/report.ts';
import { type Row, rowsOf } from './reports/run.ts';

export const performanceQuery = closed({
  ...pageQuery,
  status: Type.Optional(oneOf('draft', 'active', 'paused', 'completed', 'deleted')),
});

const amount = (description: string) => orNull(Type.Number({ description }));

const item = Type.Object({
  campaign_id: uuid(),
  name: Type.String(),
  status: Type.String({ description: 'deleted: it is gone, its numbers stay' }),
  total_impressions: Type.Integer(),
  total_clicks: Type.Integer(),
  total_completions: Type.Integer(),
  total_spend_micros: Type.Integer(),
  total_adjusted_micros: Type.Integer({ description: 'of this, found later not to be owed' }),
  flat_owed_micros: orNull(
    Type.Integer({
      description: 'for the days of its flight that are over; in no spend. null: not flat, a draft, or deleted',
    }),
  ),
  ctr: amount('clicks per impression'),
  vtr: amount('completes per impression'),
  completion_rate: amount('completes per start'),
  quality_score: amount('0 to 10; null before the first score'),
  relevance_score: amount('0 to 10; null before the first score'),
  budget_spent_today: Type.Number({ description: "currency units, today in the campaign's zone" }),
  budget_spent_today_micros: Type.Integer(),
  projected_spend_today: Type.Number({ description: 'if the day goes on as until now' }),
  projected_spend_today_micros: Type.Integer(),
  pacing_status: orNull(Type.String({ description: 'under, on_track, over; null before the first signal' })),
  live: orNull(Type.Object({ impressions: Type.Integer(), spend_micros: Type.Integer() })),
});

export const performancePage = Type.Object({
  items: Type.Array(item),
  next_cursor: orNull(Type.String()),
  data_as_of: orNull(Type.String({ description: 'everything that the log had taken by then is in the totals' })),
  live: Type.Boolean({
    description:
      "true: today's spend, scores and pacing are the workers' own, within a second; false: they cannot be asked",
  }),
});

const totalled: readonly MeasureName[] = [
  'impressions',
  'clicks',
  'completes',
  'spend_micros',
  'adjusted_micros',
  'ctr',
  'vtr',
  'completion_rate',
];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly zone: string;
  readonly pricing: string | null;
}

/** The plan's measures of every campaign, by name; those that are deleted too. */
export async function campaignPerformance(
  query: Static<typeof performanceQuery>,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<Static<typeof performancePage>> {
  const limit = query.limit ?? limits.pageItems;
  const listed = await read((sql) => pageOfCampaigns(sql, query, limit + 1));
  const page = listed.slice(0, limit);
  const now = parts.clock.now();
  const owed = await owedBy(page, read, now);
  const asOf = await dataAsOf('delivery', parts);
  const { totals, today } = await withWarehouse('delivery', parts, async () => {
    await shareTenant(organisation, read, analyticsOf(parts));
    return {
      totals: await totalsOf(page, now, organisation, parts),
      today: await todayOf(page, now, organisation, parts),
    };
  });
  const zones = new Map(page.map(({ id, zone }) => [id, zone]));
  const lives = await nullIfAway(() =>
    readLive([...zones.keys()], analyticsOf(parts), (id, minute) => dayOf(minute * 60_000, zones.get(id) ?? 'UTC')),
  );
  const last = page.at(-1);
  return {
    items: page.map((one) => ({
      ...itemOf(one, totals.get(one.id), Number(today.get(one.id)?.spend_micros ?? 0), lives?.get(one.id) ?? null, now),
      flat_owed_micros: owed.get(one.id) ?? null,
    })),
    next_cursor: listed.length > limit && last ? cursorOf('performance', { value: last.name, id: last.id }) : null,
    data_as_of: asOf,
    live: lives !== null,
  };
}

async function pageOfCampaigns(
  sql: DeskTransaction,
  query: Static<typeof performanceQuery>,
  limit: number,
): Promise<readonly Listed[]> {
  const place = placeOf('performance', query.cursor);
  const after = [place?.value ?? null, place?.id ?? null];
  const { status = null } = query;
  // A campaign that is gone has left its name; one that is there is found by its status.
  const { rows } =
    status === null || status === 'deleted'
      ? await sql.query<Listed>(
          `SELECT o.id, o.name, COALESCE(c.status, 'deleted') AS status, COALESCE(c.time_zone, 'UTC') AS zone,
             c.pricing_model AS pricing
           FROM owned_names o LEFT JOIN campaigns c ON c.id = o.id
           WHERE o.kind = 'campaign' ${status === null ? '' : 'AND o.removed_at IS NOT NULL'}
             AND ($1::text IS NULL OR (o.name, o.id) > ($1, $2::uuid))
           ORDER BY o.name, o.id LIMIT $3`,
          [...after, limit],
        )
      : await sql.query<Listed>(
          `SELECT id, name, status, time_zone AS zone, pricing_model AS pricing FROM campaigns
           WHERE status = $4 AND ($1::text IS NULL OR (name, id) > ($1, $2::uuid))
           ORDER BY name, id LIMIT $3`,
          [...after, limit, status],
        );
  return rows;
}

/** What the flat ones owe. */
async function owedBy(page: readonly Listed[], read: Read, now: number): Promise<ReadonlyMap<string, number | null>> {
  const ids = page.filter(({ pricing }) => pricing === 'flat').map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const campaigns = await read((sql) => sql.campaigns(ids));
  return new Map(campaigns.map((campaign) => [campaign.id, flatOwed(campaign, now)]));
}

type ByCampaign = ReadonlyMap<string, Row>;

async function ask(report: Report, organisation: string, parts: ManagementParts): Promise<ByCampaign> {
  const rows = await rowsOf(compile(report, { organisation }), report, parts);
  return new Map(rows.map((row) => [String(row.campaign), row]));
}

function reportOn(ids: readonly string[], from: number, to: number, measures: readonly MeasureName[]): Report {
  return {
    measures,
    dimensions: ['campaign'],
    granularity: 'none',
    zone: 'UTC',
    from,
    to,
    previous: null,
    filters: [{ dimension: 'campaign', mode: 'include', values: ids }],
    bounds: [],
    order: null,
    limit: ids.length,
  };
}

/** All that a day roll-up can hold: ten years. */
async function totalsOf(
  page: readonly Listed[],
  now: number,
  organisation: string,
  parts: ManagementParts,
): Promise<ByCampaign> {
  if (page.length === 0) return new Map();
  const to = (Math.floor(now / DAY_MS) + 2) * DAY_MS;
  return ask(
    reportOn(
      page.map(({ id }) => id),
      to - 3_662 * DAY_MS,
      to,
      totalled,
    ),
    organisation,
    parts,
  );
}

/** What was spent today by receipt, one question for each zone. */
async function todayOf(
  page: readonly Listed[],
  now: number,
  organisation: string,
  parts: ManagementParts,
): Promise<ByCampaign> {
  const found = new Map<string, Row>();
  for (const [zone, own] of Map.groupBy(page, (one) => one.zone)) {
    const from = startOfDay(dayOf(now, zone), zone);
    const to = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
    const rows = await ask(
      reportOn(
        own.map(({ id }) => id),
        from,
        to,
        ['spend_micros'],
      ),
      organisation,
      parts,
    );
    for (const [id, row] of rows) found.set(id, row);
  }
  return found;
}

function itemOf(
  one: Listed,
  totals: Row | undefined,
  storedToday: number,
  live: Live | null,
  now: number,
): Omit<Static<typeof item>, 'flat_owed_micros'> {
  const count = (name: string) => Number(totals?.[name] ?? 0);
  const rate = (name: string) => (totals?.[name] ?? null) as number | null;
  const today = live?.spentOn(dayOf(now, one.zone)) ?? storedToday;
  const from = startOfDay(dayOf(now, one.zone), one.zone);
  const projected = Math.round((today * (endOfDay(now, one.zone) - from)) / Math.max(1_000, now - from));
  return {
    campaign_id: one.id,
    name: one.name,
    status: one.status,
    total_impressions: count('impressions'),
    total_clicks: count('clicks'),
    total_completions: count('completes'),
    total_spend_micros: count('spend_micros'),
    total_adjusted_micros: count('adjusted_micros'),
    ctr: rate('ctr'),
    vtr: rate('vtr'),
    completion_rate: rate('completion_rate'),
    quality_score: live?.score ? live.score.quality_centi / 100 : null,
    relevance_score: live?.score ? live.score.relevance_centi / 100 : null,
    budget_spent_today: today / 1_000_000,
    budget_spent_today_micros: today,
    projected_spend_today: projected / 1_000_000,
    projected_spend_today_micros: projected,
    pacing_status: live?.pacing?.pacing_status ?? null,
    live: live === null ? null : { impressions: live.impressions, spend_micros: live.spend_micros },
  };
}
