import type { Entry } from './field.ts';
import { fatigueStep, type ObjectiveVector } from './objective.ts';
import type { PodRules } from './pod.ts';

/**
 * Worth in two numbers instead of four: the first two of an objective's vector in one, the last two in another. `scale` is more
 * than the second of a pair can be, so comparing pair by pair is comparing number by number, and sums stay whole and exact.
 */
export interface Worths {
  readonly scale: number;
  /** Of each entry, in its tier. */
  readonly values: Float64Array;
  /** [slots left]: what an ad is worth less because of the ads before it. */
  readonly fatigue: Float64Array;
}

/** Null: the sums could pass 2^53. `slots`: the most ads that a pod can have. */
export function worthsOf(entries: readonly Entry[], rules: PodRules, slots: number): Worths | null {
  const { objective, durationSeconds } = rules;
  const tired = objective === 'user_experience';
  let score = 1;
  let quality = 1;
  for (const { candidate } of entries) {
    score = Math.max(score, candidate.scoreMicros);
    quality = Math.max(quality, candidate.qualityCenti);
  }
  const scores = slots * score;
  const scale = (objective === 'revenue' ? durationSeconds : scores) + 1;
  const firsts = { revenue: scores, fill_rate: durationSeconds, user_experience: durationSeconds * quality }[objective];
  const most = (firsts + (tired ? fatigueStep * slots * slots : 0) + 1) * scale;
  if (!Number.isSafeInteger(most)) return null;
  const values = new Float64Array(entries.length);
  entries.forEach(({ candidate: { durationSeconds: seconds, scoreMicros, qualityCenti, house } }, index) => {
    if (tired) values[index] = seconds * qualityCenti * scale + scoreMicros;
    else if (objective === 'fill_rate' || house) values[index] = seconds * scale + scoreMicros;
    else values[index] = scoreMicros * scale + seconds;
  });
  const fatigue = new Float64Array(slots + 1);
  if (tired) for (let left = 0; left <= slots; left++) fatigue[left] = fatigueStep * (slots - left) * scale;
  return { scale, values, fatigue };
}

/** The first number of the objective in a standard worth. */
export function firstOf(worth: number, { scale }: Worths): ObjectiveVector[0] {
  return Math.floor(worth / scale);
}
