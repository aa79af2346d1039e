import type { Objective, Tier } from '../campaign.ts';
import { fatigue, type ObjectiveVector, type PodTotals } from './objective.ts';
import { type PodCandidate, tiers } from './pod.ts';

/** For each first index and number of ads: the largest sums that so many of a tier's candidates from there on could add. */
export type Remaining = Readonly<Record<Tier, TierRemaining>>;

interface TierRemaining {
  readonly score: SumTable;
  readonly seconds: SumTable;
  readonly quality: SumTable;
}

/** [index][ads]: the sum of the `ads` largest values from `index` on. */
type SumTable = readonly (readonly number[])[];

export function remainingOf(candidates: readonly PodCandidate[], maxAds: number): Remaining {
  const table = (tier: Tier, value: (ad: PodCandidate) => number) =>
    largestSums(
      candidates.map((ad) => (ad.tier === tier ? Math.max(0, value(ad)) : 0)),
      maxAds,
    );
  const ofTier = (tier: Tier): TierRemaining => ({
    score: table(tier, (ad) => ad.scoreMicros),
    seconds: table(tier, (ad) => ad.durationSeconds),
    quality: table(tier, (ad) => ad.durationSeconds * ad.qualityCenti),
  });
  return { guaranteed: ofTier('guaranteed'), standard: ofTier('standard'), house: ofTier('house') };
}

function largestSums(values: readonly number[], maxAds: number): SumTable {
  const rows: number[][] = [];
  let largest: number[] = [];
  for (let index = values.length; index >= 0; index--) {
    const value = values[index];
    if (value !== undefined) largest = [...largest, value].sort((a, b) => b - a).slice(0, maxAds);
    const sums = [0];
    for (let ads = 1; ads <= maxAds; ads++) sums.push((sums[ads - 1] ?? 0) + (largest[ads - 1] ?? 0));
    rows[index] = sums;
  }
  return rows;
}

/**
 * A vector that no pod can exceed which keeps the ads of `totals` and adds at most `slots` of the candidates from `index` on within
 * `seconds`. Each part is the most that it could be by itself, whatever that does to the others, hence the whole is a bound too.
 */
export function upperBound(
  objective: Objective,
  totals: PodTotals,
  remaining: Remaining,
  index: number,
  slots: number,
  seconds: number,
): ObjectiveVector {
  const parts = tiers.flatMap((tier) => {
    const kept = totals[tier];
    const more = remaining[tier];
    const score = kept.scoreMicros + at(more.score, index, slots);
    if (objective === 'user_experience') return [mostFelt(tier, totals, more, index, slots), score];
    const filled = kept.seconds + Math.min(seconds, at(more.seconds, index, slots));
    return objective === 'revenue' && tier !== 'house' ? [score, filled] : [filled, score];
  });
  return parts as unknown as ObjectiveVector;
}

/** Ads of tiers before this one that are still to come would only tire the viewer more. */
function mostFelt(tier: Tier, totals: PodTotals, more: TierRemaining, index: number, slots: number): number {
  const earlier = tiers.slice(0, tiers.indexOf(tier)).reduce((sum, each) => sum + totals[each].ads, 0);
  const kept = totals[tier];
  let most = Number.NEGATIVE_INFINITY;
  for (let ads = 0; ads <= slots; ads++) {
    most = Math.max(most, at(more.quality, index, ads) - fatigue(earlier, kept.ads + ads));
  }
  return kept.qualitySeconds + most;
}

function at(table: SumTable, index: number, ads: number): number {
  return table[index]?.[ads] ?? 0;
}
