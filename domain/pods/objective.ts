import type { Objective } from '../campaign.ts';
import type { PodCandidate } from './pod.ts';

/** What the ads of one tier (standard or house) add up to. All integers. */
export interface TierTotals {
  readonly ads: number;
  readonly seconds: number;
  readonly scoreMicros: number;
  /** Seconds times quality (0 to 1000). */
  readonly qualitySeconds: number;
}

export interface PodTotals {
  readonly standard: TierTotals;
  readonly house: TierTotals;
}

/**
 * A pod's worth, compared from left to right. Standard ads come first and house ads last, so that any standard gain beats any
 * number of house ads. The first number is the value that a solution reports.
 */
export type ObjectiveVector = readonly [number, number, number, number];

/**
 * What one more ad costs the viewer, in quality-seconds for each ad before it: the fatigue of n ads is 1,500·n(n−1)/2, so a sixth
 * ad of 15 seconds and middling quality (500) is worth nothing.
 */
export const fatigueStep = 1_500;

const noTotals: TierTotals = { ads: 0, seconds: 0, scoreMicros: 0, qualitySeconds: 0 };
export const emptyTotals: PodTotals = { standard: noTotals, house: noTotals };

export function addToTotals(totals: PodTotals, ad: PodCandidate): PodTotals {
  const tier = ad.house ? totals.house : totals.standard;
  const grown: TierTotals = {
    ads: tier.ads + 1,
    seconds: tier.seconds + ad.durationSeconds,
    scoreMicros: tier.scoreMicros + ad.scoreMicros,
    qualitySeconds: tier.qualitySeconds + ad.durationSeconds * ad.qualityCenti,
  };
  return ad.house ? { standard: totals.standard, house: grown } : { standard: grown, house: totals.house };
}

export function totalsOf(ads: readonly PodCandidate[]): PodTotals {
  return ads.reduce(addToTotals, emptyTotals);
}

/**
 * revenue: summed score, ties by filled seconds. fill_rate: filled seconds, ties by score. user_experience: quality-weighted
 * seconds less fatigue, ties by score. House ads count likewise, after all of that.
 */
export function objectiveVector(objective: Objective, { standard, house }: PodTotals): ObjectiveVector {
  switch (objective) {
    case 'revenue':
      return [standard.scoreMicros, standard.seconds, house.seconds, house.scoreMicros];
    case 'fill_rate':
      return [standard.seconds, standard.scoreMicros, house.seconds, house.scoreMicros];
    case 'user_experience':
      return [
        standard.qualitySeconds - fatigue(0, standard.ads),
        standard.scoreMicros,
        house.qualitySeconds - fatigue(standard.ads, house.ads),
        house.scoreMicros,
      ];
  }
}

/** The fatigue that `more` ads add to `before` ads. */
export function fatigue(before: number, more: number): number {
  return fatigueStep * (before * more + (more * (more - 1)) / 2);
}

/** Positive if a is worth more. */
export function compareVectors(a: ObjectiveVector, b: ObjectiveVector): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
