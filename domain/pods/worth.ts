import type { Entry } from './field.ts';
import { fatigueStep, type ObjectiveVector } from './objective.ts';
import type { PodRules } from './pod.ts';

/**
 * The worth of each tier in one number instead of two. The first of the two is scaled by more than the second can be, so comparing
 * one by one is comparing the whole vector; sums stay whole and exact.
 */
export interface Worths {
  /** What the first number is scaled by where ads are paid for. */
  readonly scale: number;
  /** Of each entry, in its tier. */
  readonly values: Float64Array;
  /** [slots left]: what an ad is worth less because of the ads before it. */
  readonly fatigue: Float64Array;
  readonly houseFatigue: Float64Array;
}

/** Null: the sums could pass 2^53. `slots`: the most ads that a pod can have. */
export function worthsOf(entries: readonly Entry[], rules: PodRules, slots: number): Worths | null {
  const { objective, durationSeconds } = rules;
  const tired = objective === 'user_experience';
  let score = 1;
  let quality = 1;
  let paid = false;
  let house = false;
  for (const { candidate } of entries) {
    if (candidate.tier === 'house') house = true;
    else paid = true;
    if (candidate.scoreMicros > score) score = candidate.scoreMicros;
    if (candidate.qualityCenti > quality) quality = candidate.qualityCenti;
  }
  const scores = slots * score;
  const scale = (objective === 'revenue' ? durationSeconds : scores) + 1;
  const houseScale = scores + 1;
  const felt = durationSeconds * (tired ? quality : 1) + fatigueStep * slots * slots + 1;
  const most = Math.max(
    paid ? (objective === 'revenue' ? scores + 1 : felt) * scale : 0,
    house ? felt * houseScale : 0,
  );
  if (!Number.isSafeInteger(most)) return null;
  const values = new Float64Array(entries.length);
  for (let index = 0; index < entries.length; index++) {
    const { durationSeconds: seconds, scoreMicros, qualityCenti, tier } = (entries[index] as Entry).candidate;
    const first = tired ? seconds * qualityCenti : seconds;
    if (tier === 'house') values[index] = first * houseScale + scoreMicros;
    else if (objective === 'revenue') values[index] = scoreMicros * scale + seconds;
    else values[index] = first * scale + scoreMicros;
  }
  const fatigue = new Float64Array(slots + 1);
  const houseFatigue = tired ? new Float64Array(slots + 1) : fatigue;
  for (let left = 0; tired && left <= slots; left++) {
    fatigue[left] = fatigueStep * (slots - left) * scale;
    houseFatigue[left] = fatigueStep * (slots - left) * houseScale;
  }
  return { scale, values, fatigue, houseFatigue };
}

/** The objective's first number in the worth of a tier that is paid for. */
export function firstOf(worth: number, { scale }: Worths): ObjectiveVector[0] {
  return Math.floor(worth / scale);
}
