import type { Campaign } from '../../domain/campaign.ts';
import { type Delivered, deliveredToday, doneOf } from '../../domain/pacing/course.ts';
import { type Forecast, uniform } from '../../domain/pacing/forecast.ts';
import { ownTraffic } from '../../domain/pacing/own-hours.ts';
import { type Projection, projectDelivery } from '../../domain/pacing/projection.ts';
import type { PacingUnit } from '../../domain/pacing/shadow-price.ts';
import { impressionCurve, targetCurve } from '../../domain/pacing/target.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import type { ManagementParts } from '../parts.ts';
import { noDelivery, type PacingSignal, readDelivery, readForecast, readPacingSignals } from './figures.ts';

/** What was shown before may have been shown by other rules. */
const SHOWN_MS = 2 * 86_400_000;

/** Where one campaign stands now. */
export interface Standing {
  readonly campaign: Campaign;
  readonly delivery: Delivered;
  /** What the forecast holds of its own hours. */
  readonly traffic: Forecast;
  readonly signal: PacingSignal | null;
  /** Null: it has neither a total budget nor a goal. */
  readonly projection: Projection | null;
  /** In the projection's unit; without one, micros. */
  readonly done: number;
  /** What its plan wants by now, likewise. Null: it has no plan. */
  readonly target: number | null;
}

export interface Standings {
  readonly standings: readonly Standing[];
  readonly forecast: Forecast;
}

/** Delivery, signals and projections of these campaigns, in their order. `known`: a forecast that was read just now. */
export async function readStandings(
  campaigns: readonly Campaign[],
  parts: Pick<ManagementParts, 'warehouse'>,
  now: number,
  known: Forecast | null = null,
): Promise<Standings> {
  const ids = campaigns.map(({ id }) => id);
  const [forecast, deliveries, signals] = await Promise.all([
    known ?? readForecast(parts, now),
    readDelivery(parts, campaigns, now),
    readPacingSignals(parts, ids),
  ]);
  const standings = campaigns.map((campaign) => {
    const delivery = deliveries.get(campaign.id) ?? noDelivery;
    const signal = signals.get(campaign.id) ?? null;
    const heldBack = (signal?.muPpm ?? 0) > 0;
    const traffic = ownTraffic(campaign, forecast, now, shownByHour(delivery.hours, now));
    const projection = projectDelivery(projected(campaign), delivery, traffic, now, heldBack);
    const unit = projection?.unit ?? 'micros';
    const done = doneOf(campaign, delivery, unit);
    const target = targetOf(campaign, unit, done, delivery, traffic, now);
    return { campaign, delivery, traffic, signal, projection, done, target };
  });
  return { standings, forecast };
}

/** A flat campaign pays by the day, whatever it delivers: only its goal can be missed. */
export function projected(campaign: Campaign): Campaign {
  if (campaign.pricing.model !== 'flat') return campaign;
  return { ...campaign, totalBudgetMicros: null, dailyBudgetMicros: null };
}

function targetOf(
  campaign: Campaign,
  unit: PacingUnit,
  done: number,
  { hours }: Delivered,
  traffic: Forecast,
  now: number,
): number | null {
  const before = done - deliveredToday(hours, unit, campaign.timeZone, now);
  return unit === 'impressions'
    ? impressionCurve(campaign, now, before, traffic)
    : targetCurve(projected(campaign), now, before, traffic);
}

/** Impressions of late, by hour of the day in UTC. */
function shownByHour(hours: Delivered['hours'], now: number): readonly number[] {
  const shown = Array.from({ length: 24 }, () => 0);
  for (const { hour, impressions } of hours) {
    if (hour < now - SHOWN_MS) continue;
    const of = Math.floor(hour / 3_600_000) % 24;
    shown[of] = (shown[of] ?? 0) + impressions;
  }
  return shown;
}

/** Why it stands there and will end there, one sentence for each cause. */
export function reasonsOf({ campaign, delivery, signal, projection, target }: Standing, now: number): string[] {
  const reasons: string[] = [];
  if (campaign.status !== 'active') reasons.push(`It is ${campaign.status}: it serves nothing.`);
  if (now < campaign.startsAt) reasons.push('Its flight has not begun.');
  if (now >= campaign.endsAt) reasons.push('Its flight is over.');
  if (projection === null) reasons.push('It has neither a total budget nor a goal of impressions: nothing to fill.');
  if (projection?.expected === null) reasons.push('Nothing was delivered yet that a projection could go by.');
  if (signal !== null && signal.muPpm > 0) {
    const price = (signal.muPpm / 1e6).toFixed(2);
    reasons.push(`Pacing holds it back: an impression must be worth more than ${price} of its price.`);
  }
  if (campaign.pacingMode === 'asap') reasons.push('It is spent as fast as it can be: asap has no plan.');
  if (projection !== null && target !== null && campaign.pacingMode !== 'asap' && target > 0) {
    const share = Math.round((projection.done / target) * 100);
    if (share < 95) reasons.push(`It has delivered ${share} % of what its plan wants by now.`);
    if (share > 105) reasons.push(`It is ahead of its plan: ${share} % of what is wanted by now.`);
  }
  // A plan wants each day what is left then: soon after midnight nobody is behind it, however little will be delivered in the end.
  if (projection !== null && projection.expected !== null && now < campaign.endsAt) {
    const share = Math.round((projection.expected / projection.total) * 100);
    if (share < 99) reasons.push(`At what its hours deliver it will end at ${share} % of its total.`);
  }
  if (isBoundByDay(campaign, delivery, now)) reasons.push('Its daily budget is used up for today.');
  return reasons;
}

function isBoundByDay({ dailyBudgetMicros, timeZone }: Campaign, { hours }: Delivered, now: number): boolean {
  return dailyBudgetMicros !== null && deliveredToday(hours, 'micros', timeZone, now) >= dailyBudgetMicros * 0.99;
}

export function isUniform(forecast: Forecast): boolean {
  return forecast === uniform;
}

/** Campaigns of the caller's organisation by id, after `after`; `status` null: any. */
export async function campaignsAfter(
  sql: DeskTransaction,
  after: string | null,
  status: string | null,
  limit: number,
): Promise<readonly Campaign[]> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM campaigns WHERE ($1::uuid IS NULL OR id > $1) AND ($2::text IS NULL OR status = $2)
     ORDER BY id LIMIT $3`,
    [after, status, limit],
  );
  return sql.campaigns(rows.map(({ id }) => id));
}
