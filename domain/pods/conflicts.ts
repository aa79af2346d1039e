import { conflict } from '../separation.ts';
import type { PodCandidate, PodRules } from './pod.ts';

/** What two ads mean to each other. `never`: not in one pod. `apart`: not within minSeparationSeconds of each other. */
export type Relation = 'free' | 'apart' | 'never';

/**
 * No creative and no media file twice, ever; no advertiser and no campaign twice unless allowed. Competitors never in one pod, or
 * apart by the rule's seconds. Competing is judged by category alone, within one advertiser too.
 */
export function relationOf(a: PodCandidate, b: PodCandidate, rules: PodRules): Relation {
  if (isDuplicate(a, b, rules)) return 'never';
  if (!rules.separation || !conflict(a.categories, b.categories)) return 'free';
  return rules.minSeparationSeconds === null ? 'never' : 'apart';
}

export function isDuplicate(a: PodCandidate, b: PodCandidate, rules: PodRules): boolean {
  if (a.creativeId === b.creativeId || a.mediaUrls.some((url) => b.mediaUrls.includes(url))) return true;
  return !rules.allowDuplicateAdvertisers && (a.advertiserId === b.advertiserId || a.campaignId === b.campaignId);
}

/** Pairs that separation alone keeps apart: what is no duplicate and yet competes. */
export function countConflicts(candidates: readonly PodCandidate[], rules: PodRules): number {
  if (!rules.separation) return 0;
  let pairs = 0;
  candidates.forEach((a, index) => {
    for (const b of candidates.slice(index + 1)) {
      if (!isDuplicate(a, b, rules) && conflict(a.categories, b.categories)) pairs += 1;
    }
  });
  return pairs;
}
