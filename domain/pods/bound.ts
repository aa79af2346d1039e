import type { Objective } from '../campaign.ts';
import { fatigue, type ObjectiveVector, type PodTotals } from './objective.ts';
import type { PodCandidate } from './pod.ts';

/** For each first index and number of ads: the largest sums that so many of the candidates from there on could add. */
export interface Remaining {
  readonly standardScore: SumTable;
  readonly standardSeconds: SumTable;
  readonly standardQuality: SumTable;
  readonly houseScore: SumTable;
  readonly houseSeconds: SumTable;
  readonly houseQuality: SumTable;
}

/** [index][ads]: the sum of the `ads` largest values from `index` on. */
type SumTable = readonly (readonly number[])[];

export function remainingOf(candidates: readonly PodCandidate[], maxAds: number): Remaining {
  const table = (house: boolean, value: (ad: PodCandidate) => number) =>
    largestSums(
      candidates.map((ad) => (ad.house === house ? Math.max(0, value(ad)) : 0)),
      maxAds,
    );
  return {
    standardScore: table(false, (ad) => ad.scoreMicros),
    standardSeconds: table(false, (ad) => ad.durationSeconds),
    standardQuality: table(false, (ad) => ad.durationSeconds * ad.qualityCenti),
    houseScore: table(true, (ad) => ad.scoreMicros),
    houseSeconds: table(true, (ad) => ad.durationSeconds),
    houseQuality: table(true, (ad) => ad.durationSeconds * ad.qualityCenti),
  };
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
  const { standard, house } = totals;
  const score = standard.scoreMicros + at(remaining.standardScore, index, slots);
  const houseScore = house.scoreMicros + at(remaining.houseScore, index, slots);
  if (objective === 'user_experience') {
    let quality = Number.NEGATIVE_INFINITY;
    for (let more = 0; more <= slots; more++) {
      const added = at(remaining.standardQuality, index, more) - fatigue(standard.ads, more);
      quality = Math.max(quality, added);
    }
    return [
      standard.qualitySeconds - fatigue(0, standard.ads) + quality,
      score,
      house.qualitySeconds + at(remaining.houseQuality, index, slots) - fatigue(standard.ads, house.ads),
      houseScore,
    ];
  }
  const filled = standard.seconds + Math.min(seconds, at(remaining.standardSeconds, index, slots));
  const houseFilled = house.seconds + Math.min(seconds, at(remaining.houseSeconds, index, slots));
  return objective === 'revenue' ? [score, filled, houseFilled, houseScore] : [filled, score, houseFilled, houseScore];
}

function at(table: SumTable, index: number, ads: number): number {
  return table[index]?.[ads] ?? 0;
}
