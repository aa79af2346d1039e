import type { Campaign } from '../campaign.ts';
import { normalCdf, normalQuantile } from '../statistics.ts';
import { endOfDay } from '../zone.ts';
import { type Forecast, trafficBetween } from './forecast.ts';
import type { PacingUnit } from './shadow-price.ts';

/** What a campaign delivered in one hour. Hours without delivery may be left out. */
export interface DeliveredHour {
  /** Epoch ms of its beginning. */
  readonly hour: number;
  readonly micros: number;
  readonly impressions: number;
}

export type ProjectedCampaign = Pick<
  Campaign,
  'startsAt' | 'endsAt' | 'timeZone' | 'totalBudgetMicros' | 'dailyBudgetMicros' | 'goalImpressions'
>;

/** Something that would bring the probability of full delivery to nine in ten. */
export interface Lever {
  readonly kind: 'delivery_rate' | 'ends_at' | 'total';
  /** delivery_rate: times what it is now; ends_at: epoch ms; total: budget or goal, in the unit. */
  readonly value: number;
}

/** Where a campaign will end. Amounts are in `unit`. */
export interface Projection {
  readonly unit: PacingUnit;
  readonly total: number;
  readonly done: number;
  /** At the end of the flight; `low` and `high` hold eight in ten outcomes. Null: nothing was seen yet to project from. */
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Of at least 99 % of the total. Null likewise. */
  readonly probability: number | null;
  /** Epoch ms when the total is reached at the expected rate; null: not within the flight. */
  readonly reachedAt: number | null;
  readonly levers: readonly Lever[];
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** After so long an hour of delivery weighs half. */
const halfLifeMs = dayMs;
const fullShare = 0.99;
const wantedProbability = 0.9;
const longestExtensionMs = 90 * dayMs;

interface Rate {
  /** Units for a mean hour of traffic. */
  readonly perHour: number;
  /** Variance of one mean hour, and of the rate itself. */
  readonly hourVariance: number;
  readonly rateVariance: number;
}

/**
 * Projects a flight from what its past hours delivered for the traffic that the forecast gave them. `heldBack`: pacing prices the
 * campaign down now, so what it could deliver is the better quarter of its hours rather than their mean. Outcomes are taken to be
 * normal, with the variance that the hours themselves show. Null where there is neither a total budget nor a goal.
 */
export function projectDelivery(
  campaign: ProjectedCampaign,
  done: { readonly micros: number; readonly impressions: number },
  hours: readonly DeliveredHour[],
  forecast: Forecast,
  now: number,
  heldBack: boolean,
): Projection | null {
  const unit: PacingUnit = campaign.totalBudgetMicros === null ? 'impressions' : 'micros';
  const total = campaign.totalBudgetMicros ?? campaign.goalImpressions;
  if (total === null) return null;
  const soFar = done[unit];
  const nothing = { unit, total, done: soFar, expected: null, low: null, high: null, probability: null };
  if (soFar >= total * fullShare) {
    return { ...nothing, expected: soFar, low: soFar, high: soFar, probability: 1, reachedAt: now, levers: [] };
  }
  if (now >= campaign.endsAt) {
    return { ...nothing, expected: soFar, low: soFar, high: soFar, probability: 0, reachedAt: null, levers: [] };
  }
  const rate = rateOf(campaign, hours, forecast, now, unit, heldBack);
  if (rate === null) return { ...nothing, reachedAt: null, levers: [] };
  const outcome = outcomeAt(campaign, rate, forecast, now, campaign.endsAt, unit);
  const atMost = (more: number) => Math.min(total, Math.round(soFar + Math.max(0, more)));
  const spread = normalQuantile(0.9) * outcome.deviation;
  const probability = probabilityOf(total * fullShare - soFar, outcome);
  return {
    unit,
    total,
    done: soFar,
    expected: atMost(outcome.mean),
    low: atMost(outcome.mean - spread),
    high: atMost(outcome.mean + spread),
    probability,
    reachedAt: reachedAt(campaign, rate, forecast, now, total - soFar, unit),
    levers: probability >= wantedProbability ? [] : leversOf(campaign, rate, forecast, now, soFar, total, unit),
  };
}

/** Decayed means over whole hours of the flight before `now`. */
function rateOf(
  campaign: ProjectedCampaign,
  hours: readonly DeliveredHour[],
  forecast: Forecast,
  now: number,
  unit: PacingUnit,
  heldBack: boolean,
): Rate | null {
  const delivered = new Map(hours.map((one) => [Math.floor(one.hour / hourMs) * hourMs, one[unit]]));
  const seen: { amount: number; traffic: number; weight: number }[] = [];
  const first = Math.max(campaign.startsAt, now - 14 * dayMs);
  for (let hour = Math.floor(first / hourMs) * hourMs; hour < now; hour += hourMs) {
    const traffic = trafficBetween(forecast, Math.max(hour, campaign.startsAt), Math.min(hour + hourMs, now));
    if (traffic <= 0) continue;
    seen.push({ amount: delivered.get(hour) ?? 0, traffic, weight: 2 ** (-(now - hour) / halfLifeMs) });
  }
  if (seen.length === 0 || seen.every(({ amount }) => amount === 0)) return null;
  const best = heldBack
    ? seen.toSorted((a, b) => b.amount / b.traffic - a.amount / a.traffic).slice(0, Math.ceil(seen.length / 4))
    : seen;
  const sum = (of: (one: (typeof seen)[number]) => number) => best.reduce((all, one) => all + of(one), 0);
  const traffic = sum((one) => one.weight * one.traffic);
  const perHour = sum((one) => one.weight * one.amount) / traffic;
  // Of few hours the scatter is not known: then an hour is taken to miss its mean by half.
  const scatter = sum((one) => (one.weight * (one.amount - perHour * one.traffic) ** 2) / one.traffic);
  const prior = (perHour / 2) ** 2;
  const hourVariance = (scatter + 2 * prior) / (sum((one) => one.weight) + 2);
  return { perHour, hourVariance, rateVariance: hourVariance / traffic };
}

interface Outcome {
  readonly mean: number;
  readonly deviation: number;
}

function outcomeAt(
  campaign: ProjectedCampaign,
  rate: Rate,
  forecast: Forecast,
  now: number,
  endsAt: number,
  unit: PacingUnit,
): Outcome {
  const traffic = trafficBetween(forecast, now, endsAt);
  const mean = dailyBounded(campaign, rate.perHour, forecast, now, endsAt, unit);
  const free = rate.perHour * traffic;
  const variance = rate.hourVariance * traffic + rate.rateVariance * traffic ** 2;
  // Where the daily budget holds, it holds the scatter too.
  return { mean, deviation: Math.sqrt(variance) * (free > 0 ? mean / free : 1) };
}

/** What comes until `endsAt`; a daily budget bounds each day's part. */
function dailyBounded(
  campaign: ProjectedCampaign,
  perHour: number,
  forecast: Forecast,
  now: number,
  endsAt: number,
  unit: PacingUnit,
): number {
  const { dailyBudgetMicros, timeZone } = campaign;
  if (dailyBudgetMicros === null || unit !== 'micros') return perHour * trafficBetween(forecast, now, endsAt);
  let sum = 0;
  for (let from = now; from < endsAt; ) {
    const to = Math.min(endsAt, endOfDay(from, timeZone));
    sum += Math.min(dailyBudgetMicros, perHour * trafficBetween(forecast, from, to));
    from = to;
  }
  return sum;
}

function probabilityOf(needed: number, { mean, deviation }: Outcome): number {
  if (needed <= 0) return 1;
  if (deviation <= 0) return mean >= needed ? 1 : 0;
  return Math.round((1 - normalCdf((needed - mean) / deviation)) * 10_000) / 10_000;
}

function reachedAt(
  campaign: ProjectedCampaign,
  rate: Rate,
  forecast: Forecast,
  now: number,
  left: number,
  unit: PacingUnit,
): number | null {
  const comes = (at: number) => dailyBounded(campaign, rate.perHour, forecast, now, at, unit);
  if (comes(campaign.endsAt) < left) return null;
  return earliest(now, campaign.endsAt, (at) => comes(at) >= left);
}

function leversOf(
  campaign: ProjectedCampaign,
  rate: Rate,
  forecast: Forecast,
  now: number,
  done: number,
  total: number,
  unit: PacingUnit,
): Lever[] {
  const needed = total * fullShare - done;
  const z = normalQuantile(wantedProbability);
  const outcome = outcomeAt(campaign, rate, forecast, now, campaign.endsAt, unit);
  const levers: Lever[] = [];
  // A rate that is higher scatters more in proportion.
  const safe = outcome.mean - z * outcome.deviation;
  if (safe > 0) levers.push({ kind: 'delivery_rate', value: Math.round((needed / safe) * 100) / 100 });
  const likely = (at: number) =>
    probabilityOf(needed, outcomeAt(campaign, rate, forecast, now, at, unit)) >= wantedProbability;
  const longest = campaign.endsAt + longestExtensionMs;
  if (likely(longest)) levers.push({ kind: 'ends_at', value: earliest(campaign.endsAt, longest, likely) });
  const reachable = Math.floor((done + Math.max(0, safe)) / fullShare);
  if (reachable > 0 && reachable < total) levers.push({ kind: 'total', value: reachable });
  return levers;
}

/** The first moment at which something that stays true is true, to the minute. */
function earliest(low: number, high: number, holds: (at: number) => boolean): number {
  let [from, to] = [low, high];
  while (to - from > 60_000) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle;
  }
  return to;
}
