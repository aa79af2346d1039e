import type { Objective, Tier } from '../campaign.ts';
import type { PodCandidate } from './pod.ts';

/** What the ads of one tier add up to. All integers. */
export interface TierTotals {
  readonly ads: number;
  readonly seconds: number;
  readonly scoreMicros: number;
  /** Seconds times quality (0 to 1000). */
  readonly qualitySeconds: number;
}

export type PodTotals = Readonly<Record<Tier, TierTotals>>;

/**
 * A pod's worth, compared from left to right: two numbers for each tier, guaranteed first and house last, so that any gain of one
 * tier beats whatever the next could bring.
 */
export type ObjectiveVector = readonly [number, number, number, number, number, number];

/**
 * What one more ad costs the viewer, in quality-seconds for each ad before it: the fatigue of n ads is 1,500·n(n−1)/2, so a sixth
 * ad of 15 seconds and middling quality (500) is worth nothing.
 */
export const fatigueStep = 1_500;

const noTotals: TierTotals = { ads: 0, seconds: 0, scoreMicros: 0, qualitySeconds: 0 };
export const emptyTotals: PodTotals = { guaranteed: noTotals, standard: noTotals, house: noTotals };

export function addToTotals(totals: PodTotals, ad: PodCandidate): PodTotals {
  const tier = totals[ad.tier];
  const grown: TierTotals = {
    ads: tier.ads + 1,
    seconds: tier.seconds + ad.durationSeconds,
    scoreMicros: tier.scoreMicros + ad.scoreMicros,
    qualitySeconds: tier.qualitySeconds + ad.durationSeconds * ad.qualityCenti,
  };
  return { ...totals, [ad.tier]: grown };
}

export function totalsOf(ads: readonly PodCandidate[]): PodTotals {
  return ads.reduce(addToTotals, emptyTotals);
}

/**
 * revenue: summed score, ties by filled seconds. fill_rate: filled seconds, ties by score. user_experience: quality-weighted
 * seconds less fatigue, ties by score. House ads count by seconds first: what they score is nobody's money.
 */
export function objectiveVector(objective: Objective, { guaranteed, standard, house }: PodTotals): ObjectiveVector {
  switch (objective) {
    case 'revenue':
      return [...scoreFirst(guaranteed), ...scoreFirst(standard), ...secondsFirst(house)];
    case 'fill_rate':
      return [...secondsFirst(guaranteed), ...secondsFirst(standard), ...secondsFirst(house)];
    case 'user_experience': {
      const before = guaranteed.ads + standard.ads;
      return [...felt(guaranteed, 0), ...felt(standard, guaranteed.ads), ...felt(house, before)];
    }
  }
}

const scoreFirst = ({ scoreMicros, seconds }: TierTotals) => [scoreMicros, seconds] as const;
const secondsFirst = ({ scoreMicros, seconds }: TierTotals) => [seconds, scoreMicros] as const;
const felt = (tier: TierTotals, before: number) =>
  [tier.qualitySeconds - fatigue(before, tier.ads), tier.scoreMicros] as const;

/** What a solution reports: the objective's first number over the tiers that are paid for. */
export function reportedValue([guaranteed, , standard]: ObjectiveVector): number {
  return guaranteed + standard;
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
