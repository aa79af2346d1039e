import { doneOf } from '../pacing/course.ts';
import { trafficBetween } from '../pacing/forecast.ts';
import type { Estimate } from '../statistics.ts';
import { offsetMs } from '../zone.ts';
import type { Findings } from './recommendation.ts';

const dayMs = 86_400_000;

/** Less room than this share of what it shows now is none. */
const roomAtLeast = 0.05;

/**
 * Impressions a day that the daily budget would pay for beyond those of now, at the price that a change leaves it (micros, by
 * default today's). Infinite: no daily budget holds it, or nothing was billed that would tell. Null: its day is full, so that no
 * rate brings more.
 */
export function roomPerDay(
  findings: Findings,
  priceMicros: number = findings.campaign.pricing.priceMicros,
): number | null {
  const { flight, impressionsPerDay } = findings;
  const each = microsPerImpression(findings, priceMicros);
  if (flight.dailyBudgetMicros === null || each === null) return Number.POSITIVE_INFINITY;
  // What is shown in a day on the average is shown on the days on which it may serve.
  const share = servingDays(findings) / 7;
  const room = share * (flight.dailyBudgetMicros / each) - impressionsPerDay;
  return room > 0 && room >= roomAtLeast * impressionsPerDay ? room : null;
}

/** Of the days of a week by its clock, those on which it may serve. */
function servingDays({ campaign, forecast, now }: Findings): number {
  const midnight =
    Math.floor((now + offsetMs(now, campaign.timeZone)) / dayMs) * dayMs - offsetMs(now, campaign.timeZone);
  const days = Array.from({ length: 7 }, (_, day) => midnight + day * dayMs);
  // A sum over weeks is not exact.
  return days.filter((day) => trafficBetween(forecast, day, day + dayMs) > 1e-6).length;
}

/** What is left of its total budget buys at this price what is left of its goal; also where it lacks either. */
export function canBuyGoal(findings: Findings, priceMicros: number): boolean {
  const { flight, delivered } = findings;
  const { totalBudgetMicros, goalImpressions } = flight;
  const each = microsPerImpression(findings, priceMicros);
  if (totalBudgetMicros === null || goalImpressions === null || each === null) return true;
  const left = totalBudgetMicros - doneOf(flight, delivered, 'micros');
  return left / each >= goalImpressions - delivered.impressions;
}

/** No more than there is room for. */
export function within({ expected, low, high }: Estimate, room: number): Estimate {
  return { expected: Math.min(expected, room), low: Math.min(low, room), high: Math.min(high, room) };
}

/** At this price; what is paid by the click or completed view costs what impressions have cost so far. Null: that is not known. */
function microsPerImpression({ campaign, delivered }: Findings, priceMicros: number): number | null {
  const { pricing } = campaign;
  if (pricing.model === 'cpm') return priceMicros;
  if (pricing.model === 'flat' || delivered.micros <= 0 || delivered.impressions <= 0) return null;
  return (delivered.micros / delivered.impressions) * (priceMicros / pricing.priceMicros);
}
