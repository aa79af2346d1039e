import type { AlertMeasure, Measured } from '../../domain/alerts/rule.ts';
import type { Campaign } from '../../domain/campaign.ts';
import type { Forecast } from '../../domain/pacing/forecast.ts';
import { analyticsOf } from '../analytics/ask-warehouse.ts';
import { appliedUpTo, lagOf } from '../analytics/live.ts';
import { shareTenant } from '../analytics/owners.ts';
import { seconds } from '../optimisation/figures.ts';
import { readStandings, type Standing } from '../optimisation/standing.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

/** What a measure is asked of. */
export interface Watched {
  readonly organisation: string;
  /** The one that it is about; null: all of the organisation. */
  readonly campaign: string | null;
  readonly windowSeconds: number;
  readonly now: number;
}

export type MeasuringParts = Pick<ManagementParts, 'desk' | 'warehouse' | 'analytics'>;

type Measure = (watched: Watched, parts: MeasuringParts) => Promise<Measured>;

/** Campaigns whose plans are read together: an organisation may have a hundred thousand. */
const campaignsAtOnce = 1_000;
/** Less of its plan than this is due too lately to have been seen and told of. */
const plannedAtLeast = 0.02;
/** A warehouse that is further behind, beyond the margin of the log's clocks, says nothing of what was spent lately. */
const behindMsMax = 60_000;

/** Every measure. */
const measures: Readonly<Record<AlertMeasure, Measure>> = {
  /** What was delivered ÷ what the plan wants by now, of the campaign that is worst; asap has no plan. */
  async delivery(watched, parts) {
    let worst: number | null = null;
    let hasPlan = false;
    let known: Forecast | null = null;
    const isCurrent = await hasCurrentDelivery(watched, parts);
    for await (const campaigns of flyingOf(watched, parts)) {
      const { standings, forecast } = await readStandings(campaigns, parts, watched.now, known);
      known = forecast;
      hasPlan ||= standings.some(({ target }) => target !== null);
      for (const share of standings.flatMap(shareOfPlan)) worst = Math.min(share, worst ?? share);
    }
    if (!hasPlan) return 'not_applicable';
    return isCurrent ? worst : null;
  },
  /** Micros billed in the window. */
  async spend(watched, parts) {
    const isCurrent = await hasCurrentDelivery(watched, parts);
    const { micros } = await delivered(watched, parts);
    return isCurrent ? micros : null;
  },
  /** Errors ÷ (impressions + errors) in the window. */
  async error_rate(watched, parts) {
    const { impressions, errors } = await delivered(watched, parts);
    return share(errors, impressions + errors);
  },
  /** Paid seconds ÷ requested seconds in the window, of all traffic. */
  async fill({ windowSeconds, now }, parts) {
    const [row] = await rowsOf<{ paid: string; requested: string }>(
      parts,
      `SELECT sum(r.paid_seconds) AS paid, sum(r.requested_seconds) AS requested FROM breakwater.request_minutes AS r FINAL
       WHERE minute >= toDateTime({since:UInt32}, 'UTC')`,
      { since: sinceOf(now, windowSeconds) },
    );
    return share(Number(row?.paid ?? 0), Number(row?.requested ?? 0));
  },
  /** Records of requests in the log that the warehouse worker has not applied yet. */
  lag(_, parts) {
    return lagOf('warehouse', 'ad-requests', analyticsOf(parts));
  },
  /** Beacons that came again, too late, after a release or as invalid traffic ÷ all beacons in the window. */
  async invalid_traffic(watched, parts) {
    const { rows, parameters } = await rowsWatched(watched, parts);
    const [row] = await rowsOf<{ invalid: string; total: string }>(
      parts,
      `SELECT countIf(duplicate OR late OR invalid OR traffic != '') AS invalid, count() AS total
       FROM breakwater.beacons FINAL WHERE ${rows}`,
      parameters,
    );
    return share(Number(row?.invalid ?? 0), Number(row?.total ?? 0));
  },
};

export function measured(measure: AlertMeasure, watched: Watched, parts: MeasuringParts): Promise<Measured> {
  return measures[measure](watched, parts);
}

/** Asked before rows are read: they hold at least what was applied by then. */
async function hasCurrentDelivery({ now }: Watched, parts: MeasuringParts): Promise<boolean> {
  const analytics = analyticsOf(parts);
  const at = await appliedUpTo('warehouse', 'ad-beacons', analytics, now);
  return at !== null && at >= now - analytics.logClockMarginMs - behindMsMax;
}

function shareOfPlan({ campaign, target, projection, done }: Standing): number[] {
  const whole = projection?.total ?? campaign.dailyBudgetMicros ?? 0;
  if (target === null || target <= 0 || target < plannedAtLeast * whole) return [];
  return [done / target];
}

/** Of campaigns in flight those that are not spent as fast as they can be, some at a time. */
async function* flyingOf({ organisation, campaign, now }: Watched, { desk }: MeasuringParts) {
  let after: string | null = null;
  do {
    const { ids, campaigns } = await desk.system(async (sql): Promise<Flying> => {
      const { rows } = await sql.query<{ id: string }>(
        `SELECT id FROM campaigns WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id > $3)
           AND status = 'active' AND start_date <= $4 AND end_date > $4 AND pacing_mode <> 'asap' ORDER BY id LIMIT $5`,
        [organisation, campaign, after, new Date(now), campaignsAtOnce],
      );
      const ids = rows.map(({ id }) => id);
      return { ids, campaigns: await sql.campaigns(ids) };
    });
    if (campaigns.length > 0) yield campaigns;
    after = ids.length < campaignsAtOnce ? null : (ids.at(-1) ?? null);
  } while (after !== null);
}

interface Flying {
  readonly ids: readonly string[];
  readonly campaigns: readonly Campaign[];
}

/** Which rows of delivery it is about: in its window the campaign's, or all whose advertiser is or was the organisation's. */
async function rowsWatched(watched: Watched, { desk, warehouse }: MeasuringParts) {
  const { organisation, campaign, windowSeconds, now } = watched;
  const since = sinceOf(now, windowSeconds);
  const inWindow = "minute >= toDateTime({since:UInt32}, 'UTC')";
  if (campaign !== null) return { rows: `${inWindow} AND campaign = {campaign:UUID}`, parameters: { since, campaign } };
  if (warehouse !== null) await shareTenant(organisation, (work) => desk.read(organisation, work), { warehouse });
  const own = 'SELECT advertiser FROM breakwater.owners WHERE organisation = {organisation:UUID}';
  return { rows: `${inWindow} AND advertiser IN (${own})`, parameters: { since, organisation } };
}

async function delivered(watched: Watched, parts: MeasuringParts) {
  const { rows, parameters } = await rowsWatched(watched, parts);
  const [row] = await rowsOf<Record<'micros' | 'impressions' | 'errors', string>>(
    parts,
    `SELECT sum(d.spend_micros) AS micros, sum(d.impressions) AS impressions, sum(d.errors) AS errors
     FROM breakwater.delivery_minutes AS d FINAL WHERE ${rows}`,
    parameters,
  );
  return {
    micros: Number(row?.micros ?? 0),
    impressions: Number(row?.impressions ?? 0),
    errors: Number(row?.errors ?? 0),
  };
}

/** Roll-ups are by the minute: the window begins with the minute that it touches. */
function sinceOf(now: number, windowSeconds: number): number {
  return Math.floor(seconds(now - windowSeconds * 1_000) / 60) * 60;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
