import { backupsOf } from './backups.ts';
import { contenders } from './contenders.ts';
import { conflictsIn, type Entry, fieldOf } from './field.ts';
import { canSearchByGroups, searchByGroups } from './group-search.ts';
import { solvePod as solvePlainly } from './plain-solver.ts';
import { isUsable, type PodAd, type PodCandidate, type PodRules, type PodSolution } from './pod.ts';
import { type Best, Problem, type Worth } from './problem.ts';
import { type Found, Search } from './search.ts';
import { firstOf, type Worths, worthsOf } from './worth.ts';

/** The share of the steps that most pods need no more than. */
const soon = 1 / 8;

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
  const { best, bound, exact, nodes } = search(new Problem(entries, whole, worths, rules, slots));
  const ads: PodAd[] = [];
  let filledSeconds = 0;
  for (const index of best?.order ?? []) {
    const { candidate } = entries[index] as Entry;
    ads.push({ candidate, startSeconds: filledSeconds });
    filledSeconds += candidate.durationSeconds;
  }
  const backups = backupsOf(ads, candidates, rules);
  const value = best === null ? 0 : paidOf(best.worth, worths);
  return { ads, backups, filledSeconds, value, bound: Math.max(value, bound), exact, nodes, conflicts };
}

/**
 * In the order of the entries, which finds the plain solver's pod; where that does not come to its end soon, by groups; and if that
 * does not either, in order again with the steps that are left, from the best that was found.
 */
function search(problem: Problem): { best: Best | null; bound: number; exact: boolean; nodes: number } {
  const { rules, worths, slots } = problem;
  if (slots < rules.minAds) return { best: null, bound: Number.NEGATIVE_INFINITY, exact: true, nodes: 0 };
  let best: Best | null = null;
  let open = Number.POSITIVE_INFINITY;
  let nodes = 0;
  const first = canSearchByGroups(problem) ? Math.ceil(rules.nodeLimit * soon) : rules.nodeLimit;
  const take = (found: Found): boolean => {
    nodes += found.nodes;
    best = found.best;
    open = Math.min(open, found.open ?? Number.NEGATIVE_INFINITY);
    return found.open === null;
  };
  const exact =
    take(new Search(problem, null, first).run()) ||
    (first < rules.nodeLimit &&
      (take(searchByGroups(problem, best, Math.ceil((rules.nodeLimit - first) / 2))) ||
        take(new Search(problem, best, rules.nodeLimit - nodes).run())));
  if (exact) return { best, bound: Number.NEGATIVE_INFINITY, exact, nodes };
  const most = firstOf(open, worths);
  return {
    best,
    bound: rules.objective === 'fill_rate' ? Math.min(most, rules.durationSeconds) : most,
    exact: false,
    nodes,
  };
}

function paidOf([guaranteed, standard]: Worth, worths: Worths): number {
  return firstOf(guaranteed + standard, worths);
}
