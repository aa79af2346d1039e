import type { AlertMeasure, Measured } from '../../domain/alerts/rule.ts';
import type { Campaign } from '../../domain/campaign.ts';
import { analyticsOf } from '../analytics/ask-warehouse.ts';
import { lagOf } from '../analytics/live.ts';
import { seconds } from '../optimisation/figures.ts';
import { readStandings, type Standing } from '../optimisation/standing.ts';
import type { ManagementParts } from '../parts.ts';
import { rowsOf } from '../warehouse.ts';

/** What a measure is asked of. */
export interface Watched {
  /** Campaigns that it is about: the rule's own, or all of its organisation. */
  readonly campaigns: readonly Campaign[];
  readonly windowSeconds: number;
  readonly now: number;
}

export type MeasuringParts = Pick<ManagementParts, 'warehouse' | 'analytics'>;

type Measure = (watched: Watched, parts: MeasuringParts) => Promise<Measured>;

/** Less of its plan than this is due too lately to have been seen and told of. */
const plannedAtLeast = 0.02;

/** Every measure. */
const measures: Readonly<Record<AlertMeasure, Measure>> = {
  /** What was delivered ÷ what the plan wants by now, of the campaign that is worst; asap has no plan. */
  async delivery({ campaigns, now }, parts) {
    const flying = campaigns.filter(
      ({ status, startsAt, endsAt, pacingMode }) =>
        status === 'active' && now >= startsAt && now < endsAt && pacingMode !== 'asap',
    );
    if (flying.length === 0) return 'not_applicable';
    const { standings } = await readStandings(flying, parts, now);
    if (standings.every(({ target }) => target === null)) return 'not_applicable';
    const planned = standings.flatMap(shareOfPlan);
    return planned.length === 0 ? null : Math.min(...planned);
  },
  /** Micros billed in the window. */
  async spend(watched, parts) {
    return (await delivered(watched, parts)).micros;
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
  async invalid_traffic({ campaigns, windowSeconds, now }, parts) {
    const [row] = await rowsOf<{ invalid: string; total: string }>(
      parts,
      `SELECT countIf(duplicate OR late OR invalid OR traffic != '') AS invalid, count() AS total
       FROM breakwater.beacons FINAL
       WHERE minute >= toDateTime({since:UInt32}, 'UTC') AND campaign IN {ids:Array(UUID)}`,
      { since: sinceOf(now, windowSeconds), ids: campaigns.map(({ id }) => id) },
    );
    return share(Number(row?.invalid ?? 0), Number(row?.total ?? 0));
  },
};

export function measured(measure: AlertMeasure, watched: Watched, parts: MeasuringParts): Promise<Measured> {
  return measures[measure](watched, parts);
}

function shareOfPlan({ campaign, target, projection, done }: Standing): number[] {
  const whole = projection?.total ?? campaign.dailyBudgetMicros ?? 0;
  if (target === null || target <= 0 || target < plannedAtLeast * whole) return [];
  return [done / target];
}

async function delivered({ campaigns, windowSeconds, now }: Watched, parts: MeasuringParts) {
  const [row] = await rowsOf<Record<'micros' | 'impressions' | 'errors', string>>(
    parts,
    `SELECT sum(d.spend_micros) AS micros, sum(d.impressions) AS impressions, sum(d.errors) AS errors
     FROM breakwater.delivery_minutes AS d FINAL
     WHERE minute >= toDateTime({since:UInt32}, 'UTC') AND campaign IN {ids:Array(UUID)}`,
    { since: sinceOf(now, windowSeconds), ids: campaigns.map(({ id }) => id) },
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
