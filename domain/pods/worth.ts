import type { Entry } from './field.ts';
import { fatigueStep, type ObjectiveVector } from './objective.ts';
import type { PodRules } from './pod.ts';

/**
 * Worth in two numbers instead of four: the first two of an objective's vector in one, the last two in another. The first of a
 * pair is scaled by more than the second can be, so comparing pair by pair is comparing number by number; sums stay whole and exact.
 */
export interface Worths {
  /** What the first number of a standard pair is scaled by. */
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
  for (const { candidate } of entries) {
    score = Math.max(score, candidate.scoreMicros);
    quality = Math.max(quality, candidate.qualityCenti);
  }
  const scores = slots * score;
  const scale = (objective === 'revenue' ? durationSeconds : scores) + 1;
  const houseScale = scores + 1;
  const firsts = { revenue: scores, fill_rate: durationSeconds, user_experience: durationSeconds * quality }[objective];
  const most = (Math.max(firsts, durationSeconds) + fatigueStep * slots * slots + 1) * Math.max(scale, houseScale);
  if (!Number.isSafeInteger(most)) return null;
  const values = new Float64Array(entries.length);
  entries.forEach(({ candidate: { durationSeconds: seconds, scoreMicros, qualityCenti, house } }, index) => {
    const first = tired ? seconds * qualityCenti : seconds;
    if (house) values[index] = first * houseScale + scoreMicros;
    else if (objective === 'revenue') values[index] = scoreMicros * scale + seconds;
    else values[index] = first * scale + scoreMicros;
  });
  const fatigueIn = (unit: number) =>
    Float64Array.from({ length: slots + 1 }, (_, left) => (tired ? fatigueStep * (slots - left) * unit : 0));
  return { scale, values, fatigue: fatigueIn(scale), houseFatigue: fatigueIn(houseScale) };
}

/** The first number of the objective in a standard worth. */
export function firstOf(worth: number, { scale }: Worths): ObjectiveVector[0] {
  return Math.floor(worth / scale);
}
