import type { Campaign } from '../campaign.ts';
import { dayOf, endOfDay, startOfDay } from '../zone.ts';

/** What of a campaign shapes its plan. Times are epoch ms. */
export type PacedCampaign = Pick<
  Campaign,
  'startsAt' | 'endsAt' | 'timeZone' | 'pacingMode' | 'totalBudgetMicros' | 'dailyBudgetMicros' | 'goalImpressions'
>;

interface Plan {
  readonly total: number | null;
  readonly daily: number | null;
}

/**
 * Micros that the campaign should have spent by `at`, from its first day on; null without a budget.
 *
 * `spentBeforeToday` is what was spent before today's midnight in the campaign's zone: what is left then is spread anew over what is
 * left of the flight, so a slow day is made good on the next ones. Left out, every earlier day is taken to have gone to plan.
 * even: linear. front_loaded: 2x − x² of the flight (three quarters by half-time). asap: everything at once. A daily budget bounds
 * each day's part, and the day's part follows the same curve within the day.
 */
export function targetCurve(campaign: PacedCampaign, at: number, spentBeforeToday?: number): number | null {
  const plan = { total: campaign.totalBudgetMicros, daily: campaign.dailyBudgetMicros };
  return wantedBy(campaign, plan, at, spentBeforeToday);
}

/** Impressions wanted by `at`, likewise, where the campaign has a goal of impressions; else null. */
export function impressionCurve(campaign: PacedCampaign, at: number, shownBeforeToday?: number): number | null {
  return wantedBy(campaign, { total: campaign.goalImpressions, daily: null }, at, shownBeforeToday);
}

function wantedBy(campaign: PacedCampaign, plan: Plan, at: number, doneBefore?: number): number | null {
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
  const atOnce = campaign.pacingMode === 'asap' || at >= endsAt || whole <= 0;
  const share = atOnce ? 1 : (progress(campaign, at) - from) / whole;
  return Math.floor(before + today * share);
}

/** What one day should spend when `before` is gone already. */
function partOf(campaign: PacedCampaign, plan: Plan, before: number, dayStart: number, dayEnd: number): number {
  if (plan.total === null) return plan.daily ?? 0;
  const left = Math.max(0, plan.total - before);
  const from = progress(campaign, dayStart);
  const ahead = 1 - from;
  const share = campaign.pacingMode === 'asap' || ahead <= 0 ? 1 : (progress(campaign, dayEnd) - from) / ahead;
  return Math.min(plan.daily ?? Number.POSITIVE_INFINITY, left * share);
}

function plannedBefore(campaign: PacedCampaign, plan: Plan, dayStart: number): number {
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
function progress({ startsAt, endsAt, pacingMode }: PacedCampaign, at: number): number {
  if (endsAt <= startsAt) return 1;
  const elapsed = Math.max(0, Math.min(1, (at - startsAt) / (endsAt - startsAt)));
  return pacingMode === 'front_loaded' ? elapsed * (2 - elapsed) : elapsed;
}
