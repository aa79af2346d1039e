import { endOfDay } from '../zone.ts';
import { type Forecast, uniform } from './forecast.ts';
import type { PacingInput } from './shadow-price.ts';
import { impressionCurve, type PacedCampaign, targetCurve } from './target.ts';

/** What a campaign has done, in all and before today's midnight in its zone. */
export interface Progress {
  readonly spentMicros: number;
  readonly spentBeforeTodayMicros: number;
  readonly impressions: number;
  readonly impressionsBeforeToday: number;
}

/**
 * What `updateMu` needs at a moment: of money and goal the one that is further ahead of its plan, for neither may be overrun.
 * Null where there is nothing to pace: neither a budget nor a goal. A flat campaign is paid by the day and in no spend, so that its
 * budget is nothing to pace either.
 */
export function pacingInput(
  campaign: PacedCampaign,
  progress: Progress,
  at: number,
  elapsedMs: number,
  forecast: Forecast = uniform,
): PacingInput | null {
  const money = moneyInput(campaign, progress, at, elapsedMs, forecast);
  const goal = goalInput(campaign, progress, at, elapsedMs, forecast);
  if (money === null || goal === null) return money ?? goal;
  return ahead(goal) > ahead(money) ? goal : money;
}

function moneyInput(
  campaign: PacedCampaign,
  progress: Progress,
  at: number,
  elapsedMs: number,
  forecast: Forecast,
): PacingInput | null {
  if (campaign.pricing?.model === 'flat') return null;
  const target = targetCurve(campaign, at, progress.spentBeforeTodayMicros, forecast);
  if (target === null) return null;
  const { totalBudgetMicros, dailyBudgetMicros, endsAt, startsAt } = campaign;
  const flightMs = Math.max(1, endsAt - startsAt);
  const onlyDaily = totalBudgetMicros === null;
  return {
    mode: campaign.pacingMode,
    unit: 'micros',
    spent: progress.spentMicros,
    target,
    before: onlyDaily ? progress.spentBeforeTodayMicros : 0,
    budget: totalBudgetMicros ?? dailyBudgetMicros ?? 0,
    elapsedMs,
    horizonMs: onlyDaily ? Math.min(flightMs, 86_400_000) : flightMs,
    remainingMs: Math.max(0, (onlyDaily ? Math.min(endsAt, endOfDay(at, campaign.timeZone)) : endsAt) - at),
    grain: Math.max(1, campaign.pricing?.priceMicros ?? 1),
  };
}

function goalInput(
  campaign: PacedCampaign,
  progress: Progress,
  at: number,
  elapsedMs: number,
  forecast: Forecast,
): PacingInput | null {
  const target = impressionCurve(campaign, at, progress.impressionsBeforeToday, forecast);
  if (target === null) return null;
  return {
    mode: campaign.pacingMode,
    unit: 'impressions',
    spent: progress.impressions,
    target,
    before: 0,
    budget: campaign.goalImpressions ?? 0,
    elapsedMs,
    horizonMs: Math.max(1, campaign.endsAt - campaign.startsAt),
    remainingMs: Math.max(0, campaign.endsAt - at),
    grain: 1,
  };
}

function ahead(input: PacingInput): number {
  return (input.spent - input.target) / Math.max(1, input.budget);
}
