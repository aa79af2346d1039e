import { backupsOf, keepsCaps } from './backups.ts';
import { type Remaining, remainingOf, upperBound } from './bound.ts';
import { countConflicts, type Relation, relationOf } from './conflicts.ts';
import {
  addToTotals,
  compareVectors,
  emptyTotals,
  type ObjectiveVector,
  objectiveVector,
  type PodTotals,
  reportedValue,
} from './objective.ts';
import { arrange, compareCandidates, countNode, type NodeCounter } from './order.ts';
import { isUsable, type PodAd, type PodCandidate, type PodRules, type PodSolution } from './pod.ts';

interface Best {
  readonly vector: ObjectiveVector;
  /** Indices into the sorted candidates, in playing order. */
  readonly order: readonly number[];
}

interface Search {
  readonly candidates: readonly PodCandidate[];
  readonly relations: readonly (readonly Relation[])[];
  readonly rules: PodRules;
  readonly remaining: Remaining;
  readonly counter: NodeCounter;
  best: Best | null;
}

/**
 * The best pod by trying every set of candidates, and for a set that holds competitors every playing order. Left out is only what
 * cannot matter: sets that break a rule whatever is added, and sets whose upper bound is no better than the best so far.
 *
 * Among pods of equal worth the one found first wins: the one whose ads come first by (tier, score, creative id). A pod of fewer
 * than `minAds`, or where the duration is to be filled exactly of fewer seconds, is no pod: if none can be had, the answer is empty
 * with value 0. House ads count for both. `value` and `bound` are the first number of the objective over the ads that are paid
 * for; at the node limit the bound is the one that the root of the search had. Throws RangeError for a duration that is not a
 * positive whole number of seconds.
 */
export function solvePod(candidates: readonly PodCandidate[], rules: PodRules): PodSolution {
  for (const { durationSeconds: seconds, creativeId } of candidates) {
    if (!Number.isSafeInteger(seconds) || seconds < 1)
      throw new RangeError(`creative ${creativeId} lasts ${seconds} s`);
  }
  const sorted = candidates.filter((ad) => isUsable(ad, rules)).sort(compareCandidates);
  const search: Search = {
    candidates: sorted,
    relations: sorted.map((a) => sorted.map((b) => relationOf(a, b, rules))),
    rules,
    remaining: remainingOf(sorted, rules.maxAds),
    counter: { limit: rules.nodeLimit, nodes: 0, spent: false },
    best: null,
  };
  visit(search, [], emptyTotals, 0, rules.durationSeconds);
  return solutionOf(search, candidates);
}

/** Judges the set `chosen` (ascending indices), then every set that adds candidates from `next` on. */
function visit(search: Search, chosen: readonly number[], totals: PodTotals, next: number, secondsLeft: number): void {
  const { rules, best, candidates } = search;
  if (!countNode(search.counter)) return;
  const slots = rules.maxAds - chosen.length;
  if (best !== null) {
    const bound = upperBound(rules.objective, totals, search.remaining, next, slots, secondsLeft);
    if (compareVectors(bound, best.vector) <= 0) return;
  }
  judge(search, chosen, totals);
  if (slots === 0) return;
  for (let index = next; index < candidates.length && !search.counter.spent; index++) {
    const ad = candidates[index];
    if (ad === undefined || ad.durationSeconds > secondsLeft) continue;
    if (chosen.some((other) => search.relations[index]?.[other] === 'never')) continue;
    visit(search, [...chosen, index], addToTotals(totals, ad), index + 1, secondsLeft - ad.durationSeconds);
  }
}

/** Keeps the set as the best if it is a pod, worth more than the best, and can be played in some order. */
function judge(search: Search, chosen: readonly number[], totals: PodTotals): void {
  const { rules, best } = search;
  if (chosen.length < rules.minAds || chosen.length > rules.maxAds) return;
  const ads = chosen.flatMap((index) => search.candidates[index] ?? []);
  const seconds = ads.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  if (rules.exactDuration && seconds !== rules.durationSeconds) return;
  if (!keepsCaps(ads)) return;
  const vector = objectiveVector(rules.objective, totals);
  if (best !== null && compareVectors(vector, best.vector) <= 0) return;
  const order = playingOrder(search, chosen);
  if (order !== null) search.best = { vector, order };
}

function playingOrder(search: Search, chosen: readonly number[]): readonly number[] | null {
  const ads = chosen.flatMap((index) => {
    const ad = search.candidates[index];
    return ad ? [{ index, durationSeconds: ad.durationSeconds, place: ad.place }] : [];
  });
  const mustBeApart = (a: { index: number }, b: { index: number }) => search.relations[a.index]?.[b.index] === 'apart';
  const arranged = arrange(ads, mustBeApart, search.rules.minSeparationSeconds ?? 0, search.counter);
  return arranged?.map(({ index }) => index) ?? null;
}

function solutionOf(search: Search, given: readonly PodCandidate[]): PodSolution {
  const { best, candidates, counter, remaining, rules } = search;
  const ads: PodAd[] = [];
  let filledSeconds = 0;
  for (const index of best?.order ?? []) {
    const candidate = candidates[index];
    if (candidate === undefined) continue;
    ads.push({ candidate, startSeconds: filledSeconds });
    filledSeconds += candidate.durationSeconds;
  }
  const value = best ? reportedValue(best.vector) : 0;
  const most = upperBound(rules.objective, emptyTotals, remaining, 0, rules.maxAds, rules.durationSeconds);
  const bound = counter.spent ? Math.max(value, reportedValue(most)) : value;
  return {
    ads,
    backups: backupsOf(ads, given, rules),
    filledSeconds,
    value,
    bound,
    exact: !counter.spent,
    nodes: counter.nodes,
    conflicts: countConflicts(given, rules),
  };
}
