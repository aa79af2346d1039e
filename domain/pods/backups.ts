import { relationOf } from './conflicts.ts';
import { compareCandidates } from './order.ts';
import { isUsable, type PodAd, type PodCandidate, type PodRules } from './pod.ts';

/**
 * The spare ads of a pod. Any of them may take the place of any ad that fails, so each is free of every ad of the pod and of the
 * other backups (competitors that would have to be apart are not free), no longer than the pod's shortest ad, wants no place of
 * its own, and keeps the caps of its campaign beside all the others. Taken in the order of candidates, whoever still may.
 */
export function backupsOf(
  ads: readonly PodAd[],
  candidates: readonly PodCandidate[],
  rules: PodRules,
): readonly PodCandidate[] {
  if (rules.backupAds < 1 || ads.length === 0) return [];
  const taken = ads.map(({ candidate }) => candidate);
  const shortest = Math.min(...taken.map(({ durationSeconds }) => durationSeconds));
  const backups: PodCandidate[] = [];
  const spare = candidates.filter((ad) => ad.durationSeconds <= shortest && ad.place === null && isUsable(ad, rules));
  for (const ad of spare.sort(compareCandidates)) {
    if (backups.length === rules.backupAds) break;
    if (!taken.every((other) => relationOf(ad, other, rules) === 'free') || !keepsCaps([...taken, ad])) continue;
    taken.push(ad);
    backups.push(ad);
  }
  return backups;
}

/** No campaign has more ads among them than any of its ads allows. */
export function keepsCaps(ads: readonly PodCandidate[]): boolean {
  return ads.every(
    ({ campaignId, podMax }) => podMax === null || ads.filter((ad) => ad.campaignId === campaignId).length <= podMax,
  );
}
