import { backupsOf } from './backups.ts';
import { conflictsIn, contenders, fieldOf } from './field.ts';
import { solvePod as solvePlainly } from './plain-solver.ts';
import { isUsable, type PodAd, type PodCandidate, type PodRules, type PodSolution } from './pod.ts';
import { Search } from './search.ts';
import { worthsOf } from './worth.ts';

/**
 * The best pod, the very one that the plain solver finds (its ads, order, value and conflicts), in microseconds. Who cannot be in it
 * is cut before (`contenders`); the rest is searched depth first in the plain solver's order (`Search`). At the node limit the
 * answer is the best so far, and `bound` is the most that the unsearched rest could be worth. Throws RangeError as the plain solver
 * does.
 */
export function solvePod(candidates: readonly PodCandidate[], rules: PodRules): PodSolution {
  let shortest = Number.POSITIVE_INFINITY;
  let unusable = 0;
  for (const candidate of candidates) {
    const { durationSeconds: seconds, creativeId } = candidate;
    if (!Number.isSafeInteger(seconds) || seconds < 1)
      throw new RangeError(`creative ${creativeId} lasts ${seconds} s`);
    if (!isUsable(candidate, rules)) unusable += 1;
    else if (seconds < shortest) shortest = seconds;
  }
  const field = fieldOf(candidates, rules);
  const conflicts = conflictsIn(field, rules);
  const usable = unusable === 0 ? candidates : candidates.filter((candidate) => isUsable(candidate, rules));
  const whole = unusable === 0 ? field : fieldOf(usable, rules);
  const entries = contenders(whole, rules);
  const slots = Math.max(0, Math.min(rules.maxAds, Math.floor(rules.durationSeconds / shortest)));
  const worths = worthsOf(entries, rules, slots);
  if (worths === null) return solvePlainly(candidates, rules);
  const { best, value, bound, exact, nodes } = new Search(entries, whole, worths, rules, slots).run();
  const ads: PodAd[] = [];
  let filledSeconds = 0;
  for (const { candidate } of best) {
    ads.push({ candidate, startSeconds: filledSeconds });
    filledSeconds += candidate.durationSeconds;
  }
  const backups = backupsOf(ads, candidates, rules);
  return { ads, backups, filledSeconds, value, bound, exact, nodes, conflicts };
}
