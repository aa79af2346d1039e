import type { Campaign } from '../campaign.ts';
import type { Change, Recommendation, RecommendationKind } from './recommendation.ts';

/** How far an automatic run may go. */
export interface Bounds {
  readonly kinds: readonly RecommendationKind[];
  readonly maxChanges: number;
  /** Of a price, either way. */
  readonly priceChangePercent: number;
  /** That a flight may grow by. */
  readonly extendDays: number;
  readonly holdOutPercent: number;
}

export type Choice = 'apply' | 'held_out' | 'out_of_bounds' | 'beyond_max_changes';

export interface Chosen {
  readonly advice: Recommendation;
  readonly campaign: Campaign;
  readonly choice: Choice;
  /** Why it is out of bounds. */
  readonly detail: string | null;
}

/**
 * Chooses what to apply: the kinds asked for, within the bounds, except in campaigns that are held out. `draw` gives each campaign a
 * number in [0, 1), the same for all its recommendations, so that what is held out stays whole. Every change was worked out from the
 * campaign as it is, so of two that touch one part of it only the first is made.
 */
export function choose(
  found: readonly { readonly advice: Recommendation; readonly campaign: Campaign }[],
  bounds: Bounds,
  draw: (campaignId: string) => number,
): readonly Chosen[] {
  let applied = 0;
  const taken = new Set<string>();
  return found
    .filter(({ advice }) => bounds.kinds.includes(advice.kind))
    .map(({ advice, campaign }): Chosen => {
      const detail = outOfBounds(advice, campaign, bounds);
      if (detail !== null) return { advice, campaign, choice: 'out_of_bounds', detail };
      const part = `${campaign.id} ${partName(advice.change)}`;
      if (taken.has(part)) {
        const other = 'a run changes one part of a campaign once, and another recommendation came first';
        return { advice, campaign, choice: 'out_of_bounds', detail: other };
      }
      const isHeldOut = draw(campaign.id) < bounds.holdOutPercent / 100;
      if (!isHeldOut && applied >= bounds.maxChanges) {
        return { advice, campaign, choice: 'beyond_max_changes', detail: null };
      }
      taken.add(part);
      if (isHeldOut) return { advice, campaign, choice: 'held_out', detail: null };
      applied++;
      return { advice, campaign, choice: 'apply', detail: null };
    });
}

function partName(change: Change): string {
  return change.field === 'creative_status' ? `creative ${change.creativeId}` : change.field;
}

function outOfBounds({ change }: Recommendation, campaign: Campaign, bounds: Bounds): string | null {
  if (change.field === 'price') {
    const percent = Math.abs(change.priceMicros / campaign.pricing.priceMicros - 1) * 100;
    // A whole number of micros may be a little more than the percentage.
    if (percent <= bounds.priceChangePercent + 100 / campaign.pricing.priceMicros) return null;
    return `the price would move by ${percent.toFixed(1)} %, at most ${bounds.priceChangePercent} % are allowed`;
  }
  if (change.field === 'ends_at') {
    const days = (change.endsAt - campaign.endsAt) / 86_400_000;
    return days <= bounds.extendDays
      ? null
      : `the flight would grow by ${days.toFixed(1)} days, at most ${bounds.extendDays} are allowed`;
  }
  return null;
}
