import { bidTooHigh, bidTooLow } from './bids.ts';
import { fatigue, weakCreatives } from './creatives.ts';
import { underDelivery } from './delivery.ts';
import type { Findings, Recommendation } from './recommendation.ts';
import { narrowTargeting, wastedDayParts } from './targeting.ts';

/** Every rule. One line each. */
const rules: readonly ((findings: Findings) => readonly Recommendation[])[] = [
  underDelivery,
  fatigue,
  narrowTargeting,
  weakCreatives,
  bidTooLow,
  bidTooHigh,
  wastedDayParts,
];

/** What could be done for a campaign, in the order of the rules. House ads and what does not serve now have nothing to gain. */
export function recommend(findings: Findings): readonly Recommendation[] {
  const { campaign, now } = findings;
  const serves = campaign.status === 'active' && now >= campaign.startsAt && now < campaign.endsAt;
  if (!serves || campaign.tier === 'house') return [];
  return rules.flatMap((rule) => rule(findings));
}
