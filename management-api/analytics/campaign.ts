import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { flatOwed } from '../../domain/pacing/flat.ts';
import { canonicalZone, dayOf, startOfDay } from '../../domain/zone.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { ManagementParts } from '../parts.ts';
import { closed, oneOf, orNull, time, uuid } from '../shapes.ts';
import { analyticsOf, dataAsOf, orNull as nullIfAway, textOf, withWarehouse } from './ask-warehouse.ts';
import { breakDown, refuseManyRows } from './campaign-tables.ts';
import { appliedUpTo, type Live, readLive } from './live.ts';
import { namesOf, type Read, shareTenant } from './owners.ts';
import { checkReport } from './reports/check-report.ts';
import type { Report } from './reports/report.ts';
import type { Row } from './reports/run.ts';

export const campaignQuery = closed({
  from: Type.Optional(time()),
  to: Type.Optional(time()),
  time_zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "default: the campaign's" })),
  granularity: Type.Optional(oneOf('minute', 'hour', 'day', 'week', 'month')),
});

const row = Type.Record(Type.String(), Type.Unknown());
const table = Type.Array(row);

export const campaignAnalytics = Type.Object({
  campaign: Type.Object({
    id: uuid(),
    name: Type.String(),
    status: Type.String({ description: 'deleted: it is gone, its numbers stay' }),
    advertiser_id: orNull(uuid()),
  }),
  from: Type.String(),
  to: Type.String(),
  time_zone: Type.String(),
  granularity: Type.String(),
  data_as_of: orNull(Type.String({ description: 'everything that the log had taken by then is in the numbers below' })),
  totals: row,
  funnel: Type.Array(
    Type.Object({ event: Type.String(), count: Type.Integer(), of_impressions: orNull(Type.Number()) }),
  ),
  by_time: table,
  by_creative: table,
  by_device: table,
  by_geo: table,
  by_content: table,
  by_hour: table,
  plan: orNull(
    Type.Object({
      starts_at: Type.String(),
      ends_at: Type.String(),
      flight_elapsed: Type.Number({ description: 'share of the flight that has passed, 0 to 1' }),
      total_budget_micros: orNull(Type.Integer()),
      daily_budget_micros: orNull(Type.Integer()),
      goal_impressions: orNull(Type.Integer()),
      spent_micros: orNull(Type.Integer({ description: 'all it ever spent, live; null: the workers cannot be asked' })),
      spent_today_micros: orNull(Type.Integer()),
      impressions: orNull(Type.Integer()),
      budget_used: orNull(Type.Number({ description: 'spent (flat: owed) over total budget' })),
      flat_owed_micros: orNull(
        Type.Integer({
          description: 'for the days of its flight that are over; in no spend. null: not flat, or a draft',
        }),
      ),
      pacing_status: orNull(Type.String()),
      target_micros: orNull(Type.Integer({ description: 'what pacing wants spent by now' })),
    }),
  ),
  live: orNull(
    Type.Object(
      {
        impressions: Type.Integer({ description: 'billable, ever since the stream counts' }),
        spend_micros: Type.Integer({ description: 'ever since the stream counts' }),
        open: row,
        as_of: orNull(Type.String()),
      },
      {
        description:
          'as the pacing worker counts, within a second of the beacon. open: decisions of about the last quarter of an hour, not closed yet',
      },
    ),
  ),
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Found {
  readonly id: string;
  readonly name: string;
  readonly advertiser: string | null;
  /** Null: deleted. */
  readonly campaign: Campaign | null;
}

/** Everything about one campaign. `id` may be one that was deleted. Throws Problem 404. */
export async function analyseCampaign(
  id: string,
  query: Static<typeof campaignQuery>,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<Static<typeof campaignAnalytics>> {
  const found = await read((sql) => findCampaign(sql, id));
  const report = reportOf(found, query, parts.clock.now());
  const asOf = await dataAsOf('delivery', parts);
  const tables = await withWarehouse('delivery', parts, async () => {
    await shareTenant(organisation, read, analyticsOf(parts));
    return await breakDown(report, organisation, parts);
  });
  const live = await nullIfAway(() => liveOf(found, parts));
  const creatives = tables.by_creative.map((one) => String(one.creative));
  const names = await read((sql) => namesOf(sql, creatives));
  const totals = tables.totals[0] ?? {};
  return {
    campaign: {
      id: found.id,
      name: found.name,
      status: found.campaign?.status ?? 'deleted',
      advertiser_id: found.advertiser,
    },
    from: new Date(report.from).toISOString(),
    to: new Date(report.to).toISOString(),
    time_zone: report.zone,
    granularity: report.granularity,
    data_as_of: asOf,
    ...tables,
    totals,
    funnel: funnelOf(totals),
    by_creative: tables.by_creative.map((one) => ({ ...one, name: names[String(one.creative)] ?? null })),
    plan: planOf(found.campaign, live?.live ?? null, parts.clock.now()),
    live:
      live === null
        ? null
        : {
            impressions: live.live.impressions,
            spend_micros: live.live.spend_micros,
            open: { ...live.live.open },
            as_of: live.asOf,
          },
  };
}

async function findCampaign(sql: DeskTransaction, asked: string): Promise<Found> {
  const id = asked.toLowerCase();
  const { rows } = await sql.query<{ name: string; parent_id: string | null }>(
    `SELECT name, parent_id FROM owned_names WHERE id = $1 AND kind = 'campaign'`,
    [id],
  );
  if (!rows[0]) throw new Problem(404, 'Not found', 'there is no campaign of this id, nor was there one');
  const [campaign] = await sql.campaigns([id]);
  const { name, parent_id: advertiser } = rows[0];
  return { id, name, advertiser, campaign: campaign ?? null };
}

/** By default all of its flight until now, by day; by hour where that is a few days. */
function reportOf(found: Found, query: Static<typeof campaignQuery>, now: number): Report {
  const zone = query.time_zone ?? canonicalZone(found.campaign?.timeZone ?? 'UTC') ?? 'UTC';
  const oldest = now - 1_100 * DAY_MS;
  const starts = Math.min(found.campaign?.startsAt ?? oldest, now);
  const checked = checkReport(
    {
      measures: ['impressions'],
      time_zone: zone,
      from: query.from ?? new Date(Math.max(oldest, starts)).toISOString().replace(/:\d\d\.\d+Z$/, ':00Z'),
      ...(query.to === undefined ? {} : { to: query.to }),
      filters: [{ dimension: 'campaign', values: [found.id] }],
    },
    now,
  );
  // Whole days (and hours) where nobody chose: nothing is older than the flight or newer than now, and roll-ups serve it.
  const from = query.from === undefined ? startOfDay(dayOf(checked.from, checked.zone), checked.zone) : checked.from;
  const to = query.to === undefined ? Math.ceil(checked.to / HOUR_MS) * HOUR_MS : checked.to;
  const granularity = query.granularity ?? (to - from <= 3 * DAY_MS ? 'hour' : 'day');
  refuseManyRows(granularity, to - from);
  return { ...checked, from, to, granularity };
}

const steps = ['impressions', 'starts', 'first_quartiles', 'midpoints', 'third_quartiles', 'completes'] as const;

function funnelOf(totals: Row) {
  const impressions = Number(totals.impressions ?? 0);
  return steps.map((event) => {
    const count = Number(totals[event] ?? 0);
    return { event, count, of_impressions: impressions === 0 ? null : count / impressions };
  });
}

async function liveOf({ id, campaign }: Found, parts: ManagementParts): Promise<{ live: Live; asOf: string | null }> {
  const analytics = analyticsOf(parts);
  const zone = campaign?.timeZone ?? 'UTC';
  const lives = await readLive([id], analytics, (_, minute) => dayOf(minute * 60_000, zone));
  const asOf = await appliedUpTo('pacing', 'ad-beacons', analytics, parts.clock.now());
  return { live: lives.get(id) as Live, asOf: textOf(asOf) };
}

function planOf(campaign: Campaign | null, live: Live | null, now: number) {
  if (campaign === null) return null;
  const { startsAt, endsAt, totalBudgetMicros } = campaign;
  const owed = flatOwed(campaign, now);
  const spent = live === null ? null : (campaign.spentBeforeMicros ?? 0) + live.spend_micros;
  const used = owed ?? spent;
  const elapsed = Math.min(1, Math.max(0, (now - startsAt) / Math.max(1, endsAt - startsAt)));
  return {
    starts_at: new Date(startsAt).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
    flight_elapsed: elapsed,
    total_budget_micros: totalBudgetMicros,
    daily_budget_micros: campaign.dailyBudgetMicros,
    goal_impressions: campaign.goalImpressions,
    spent_micros: spent,
    spent_today_micros: live?.spentOn(dayOf(now, campaign.timeZone)) ?? null,
    impressions: live?.impressions ?? null,
    budget_used: used === null || !totalBudgetMicros ? null : used / totalBudgetMicros,
    flat_owed_micros: owed,
    pacing_status: live?.pacing?.pacing_status ?? null,
    target_micros: live?.pacing?.target_micros ?? null,
  };
}
