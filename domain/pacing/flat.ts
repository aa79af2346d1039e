import type { Campaign } from '../campaign.ts';
import { type Micros, micros } from '../money.ts';
import { dayNumberOf, dayOf } from '../zone.ts';

type FlatCampaign = Pick<Campaign, 'startsAt' | 'endsAt' | 'timeZone' | 'totalBudgetMicros' | 'dailyBudgetMicros'>;

/**
 * Micros that a flat campaign owes by `at`: an equal part for each calendar day of its flight, in its zone, once the day is over;
 * the last day is over when the flight is. Without a total budget each day costs the daily one; without either, nothing. Days
 * differ by a micro at most and add up to the total exactly.
 */
export function flatAccrued(campaign: FlatCampaign, at: number): Micros {
  const { startsAt, endsAt, timeZone } = campaign;
  if (at < startsAt || endsAt <= startsAt) return micros(0);
  const first = dayNumberOf(dayOf(startsAt, timeZone));
  const days = dayNumberOf(dayOf(endsAt - 1, timeZone)) - first + 1;
  const over = at >= endsAt ? days : dayNumberOf(dayOf(at, timeZone)) - first;
  const total = campaign.totalBudgetMicros ?? (campaign.dailyBudgetMicros ?? 0) * days;
  return micros(Number((BigInt(total) * BigInt(over)) / BigInt(days)));
}

/** Micros that a campaign owes by `at` for its flight as it is now, paused or not; null where it pays otherwise, or is a draft. */
export function flatOwed(campaign: FlatCampaign & Pick<Campaign, 'pricing' | 'status'>, at: number): Micros | null {
  return campaign.pricing.model === 'flat' && campaign.status !== 'draft' ? flatAccrued(campaign, at) : null;
}
