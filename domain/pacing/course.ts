import type { Campaign } from '../campaign.ts';
import { normalCdf } from '../statistics.ts';
import { dayOf, endOfDay, startOfDay } from '../zone.ts';
import { type Forecast, trafficBetween } from './forecast.ts';
import type { PacingUnit } from './shadow-price.ts';

/** What a campaign delivered in one hour of UTC; one that midnight divides may stand as two. Hours without delivery may be left out. */
export interface DeliveredHour {
  /** Epoch ms of its beginning; of midnight for what came after it. */
  readonly hour: number;
  readonly micros: number;
  readonly impressions: number;
}

/** What the stream counted of a campaign: in all, and hour by hour of late. */
export interface Delivered {
  readonly micros: number;
  readonly impressions: number;
  readonly hours: readonly DeliveredHour[];
}

export type ProjectedCampaign = Pick<
  Campaign,
  | 'startsAt'
  | 'endsAt'
  | 'timeZone'
  | 'totalBudgetMicros'
  | 'dailyBudgetMicros'
  | 'goalImpressions'
  | 'spentBeforeMicros'
>;

export interface Rate {
  /** Units for a mean hour of traffic. */
  readonly perHour: number;
  /** Variance of one mean hour, and of the rate itself. */
  readonly hourVariance: number;
  readonly rateVariance: number;
}

/** How delivery goes on from `now`, in one unit. */
export interface Course {
  readonly rate: Rate;
  readonly forecast: Forecast;
  readonly now: number;
  readonly timeZone: string;
  /** What the daily budget lets through on a whole day, and what of it is left today. Infinite: there is none. */
  readonly perDay: number;
  readonly leftToday: number;
}

export interface Outcome {
  readonly mean: number;
  readonly deviation: number;
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** After so long an hour of delivery weighs half. */
const halfLifeMs = dayMs;

/**
 * All that a campaign has done, in the unit. What was spent before the stream counted is of the total budget, as in the ledger; a
 * goal is of the stream's impressions alone.
 */
export function doneOf(
  { spentBeforeMicros }: Pick<Campaign, 'spentBeforeMicros'>,
  delivered: Omit<Delivered, 'hours'>,
  unit: PacingUnit,
): number {
  return delivered[unit] + (unit === 'micros' ? (spentBeforeMicros ?? 0) : 0);
}

/** What came in the hours that began today, in the zone. */
export function deliveredToday(hours: readonly DeliveredHour[], unit: PacingUnit, timeZone: string, now: number) {
  const midnight = startOfDay(dayOf(now, timeZone), timeZone);
  return hours.reduce((total, one) => (one.hour >= midnight ? total + one[unit] : total), 0);
}

/** The course that past hours show. Null: they show nothing. */
export function courseOf(
  campaign: ProjectedCampaign,
  delivered: Delivered,
  forecast: Forecast,
  now: number,
  unit: PacingUnit,
  heldBack: boolean,
): Course | null {
  const { dailyBudgetMicros, timeZone } = campaign;
  const rate = rateOf(campaign, delivered.hours, forecast, now, unit, heldBack);
  if (rate === null) return null;
  const perMicro = unit === 'micros' ? 1 : delivered.impressions / delivered.micros;
  // Nothing billed yet: no budget holds what is not paid for.
  const bounded = dailyBudgetMicros !== null && Number.isFinite(perMicro);
  const perDay = bounded ? dailyBudgetMicros * perMicro : Number.POSITIVE_INFINITY;
  const leftToday = Math.max(0, perDay - deliveredToday(delivered.hours, 'micros', timeZone, now) * perMicro);
  return { rate, forecast, now, timeZone, perDay, leftToday: bounded ? leftToday : perDay };
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
  const delivered = new Map<number, number>();
  for (const one of hours) {
    const hour = Math.floor(one.hour / hourMs) * hourMs;
    delivered.set(hour, (delivered.get(hour) ?? 0) + one[unit]);
  }
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

/** The same course at so many times the rate; a higher rate scatters more in proportion. */
export function timesRate(course: Course, times: number): Course {
  const { perHour, hourVariance, rateVariance } = course.rate;
  const rate = {
    perHour: perHour * times,
    hourVariance: hourVariance * times ** 2,
    rateVariance: rateVariance * times ** 2,
  };
  return { ...course, rate };
}

/** What comes until `at`; a daily budget bounds each day's part, today's by what is left of it. */
export function comingUntil({ rate, forecast, now, timeZone, perDay, leftToday }: Course, at: number): number {
  if (!Number.isFinite(perDay)) return rate.perHour * trafficBetween(forecast, now, at);
  let sum = 0;
  for (let from = now; from < at; ) {
    const to = Math.min(at, endOfDay(from, timeZone));
    sum += Math.min(from === now ? leftToday : perDay, rate.perHour * trafficBetween(forecast, from, to));
    from = to;
  }
  return sum;
}

/** What comes until `endsAt`, taken to be normal. */
export function outcomeAt(course: Course, endsAt: number): Outcome {
  const { rate, forecast, now } = course;
  const traffic = trafficBetween(forecast, now, endsAt);
  const mean = comingUntil(course, endsAt);
  const free = rate.perHour * traffic;
  const variance = rate.hourVariance * traffic + rate.rateVariance * traffic ** 2;
  // Where the daily budget holds, it holds the scatter too.
  return { mean, deviation: Math.sqrt(variance) * (free > 0 ? mean / free : 1) };
}

/** Of so much or more. */
export function probabilityOf(needed: number, { mean, deviation }: Outcome): number {
  if (needed <= 0) return 1;
  if (deviation <= 0) return mean >= needed ? 1 : 0;
  return Math.round((1 - normalCdf((needed - mean) / deviation)) * 10_000) / 10_000;
}
