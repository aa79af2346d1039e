import type { Campaign } from '../campaign.ts';
import { dayOf, endOfDay, startOfDay } from '../zone.ts';
import { customShare } from './curve.ts';
import { type Forecast, trafficBetween, uniform } from './forecast.ts';

/** Less of a flight than this is none: sums of hours differ by as much. */
const leastShare = 1e-9;

/** What of a campaign shapes its plan. Times are epoch ms. */
export type PacedCampaign = Pick<
  Campaign,
  | 'startsAt'
  | 'endsAt'
  | 'timeZone'
  | 'pacingMode'
  | 'pacingCurve'
  | 'totalBudgetMicros'
  | 'dailyBudgetMicros'
  | 'goalImpressions'
> & { readonly pricing?: Campaign['pricing'] };

interface Forecasted extends PacedCampaign {
  readonly forecast: Forecast;
}

interface Plan {
  readonly total: number | null;
  readonly daily: number | null;
}

/**
 * Micros that the campaign should have spent by `at`, from its first day on; null without a budget.
 *
 * `spentBeforeToday` is what was spent before today's midnight in the campaign's zone: what is left then is spread anew over what is
 * left of the flight, so a slow day is made good on the next ones. Left out, every earlier day is taken to have gone to plan.
 * x is the share of the flight's expected traffic that has passed; uniform, it is the share of its time. even: x. front_loaded:
 * 2x − x² (three quarters by half-time). custom: the campaign's own curve of x. asap: everything at once. A daily budget bounds
 * each day's part, and the day's part follows the same curve within the day.
 */
export function targetCurve(
  campaign: PacedCampaign,
  at: number,
  spentBeforeToday?: number,
  forecast: Forecast = uniform,
): number | null {
  const plan = { total: campaign.totalBudgetMicros, daily: campaign.dailyBudgetMicros };
  return wantedBy({ ...campaign, forecast }, plan, at, spentBeforeToday);
}

/** Impressions wanted by `at`, likewise, where the campaign has a goal of impressions; else null. */
export function impressionCurve(
  campaign: PacedCampaign,
  at: number,
  shownBeforeToday?: number,
  forecast: Forecast = uniform,
): number | null {
  return wantedBy({ ...campaign, forecast }, { total: campaign.goalImpressions, daily: null }, at, shownBeforeToday);
}

function wantedBy(campaign: Forecasted, plan: Plan, at: number, doneBefore?: number): number | null {
  const { startsAt, endsAt, timeZone } = campaign;
  if (plan.total === null && plan.daily === null) return null;
  if (at < startsAt) return 0;
  const now = Math.min(at, Math.max(startsAt, endsAt - 1));
  const dayStart = Math.max(startsAt, startOfDay(dayOf(now, timeZone), timeZone));
  const dayEnd = Math.min(endsAt, endOfDay(now, timeZone));
  const before = doneBefore ?? plannedBefore(campaign, plan, dayStart);
  const today = partOf(campaign, plan, before, dayStart, dayEnd);
  const from = progress(campaign, dayStart);
  const whole = progress(campaign, dayEnd) - from;
  const atOnce = campaign.pacingMode === 'asap' || at >= endsAt || whole <= leastShare;
  const share = atOnce ? 1 : (progress(campaign, at) - from) / whole;
  return Math.floor(before + today * share);
}

/** What one day should spend when `before` is gone already. */
function partOf(campaign: Forecasted, plan: Plan, before: number, dayStart: number, dayEnd: number): number {
  if (plan.total === null) return plan.daily ?? 0;
  const left = Math.max(0, plan.total - before);
  const from = progress(campaign, dayStart);
  const ahead = 1 - from;
  const share = campaign.pacingMode === 'asap' || ahead <= leastShare ? 1 : (progress(campaign, dayEnd) - from) / ahead;
  return Math.min(plan.daily ?? Number.POSITIVE_INFINITY, left * share);
}

function plannedBefore(campaign: Forecasted, plan: Plan, dayStart: number): number {
  let planned = 0;
  let from = campaign.startsAt;
  while (from < dayStart) {
    const to = Math.min(dayStart, endOfDay(from, campaign.timeZone));
    planned += partOf(campaign, plan, planned, from, to);
    from = to;
  }
  return planned;
}

/** The share of the flight's plan that is due by `at`, 0 to 1. */
function progress({ startsAt, endsAt, pacingMode, pacingCurve, forecast }: Forecasted, at: number): number {
  if (endsAt <= startsAt) return 1;
  const now = Math.max(startsAt, Math.min(endsAt, at));
  const passed =
    forecast === uniform
      ? (now - startsAt) / (endsAt - startsAt)
      : trafficBetween(forecast, startsAt, now) / trafficBetween(forecast, startsAt, endsAt);
  if (pacingMode === 'custom' && pacingCurve) return customShare(pacingCurve, passed);
  return pacingMode === 'front_loaded' ? passed * (2 - passed) : passed;
}
