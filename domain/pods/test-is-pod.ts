import { fatigueStep } from './objective.ts';
import type { PodCandidate, PodRules } from './pod.ts';

/** Whether these ads, in this order, are a pod: the rules written a second time, for the tests and proofs of the solvers. */
export function isPod(ads: readonly PodCandidate[], { minAds, maxAds, ...given }: PodRules): boolean {
  const seconds = ads.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  if (ads.length < minAds || ads.length > maxAds || seconds > given.durationSeconds) return false;
  if (given.exactDuration && seconds !== given.durationSeconds) return false;
  if (ads.some((one) => given.allowedDurations?.includes(one.durationSeconds) === false)) return false;
  if (ads.some(({ place }, at) => (place === 'first' && at > 0) || (place === 'last' && at < ads.length - 1)))
    return false;
  const ofCampaign = (id: string) => ads.filter(({ campaignId }) => campaignId === id).length;
  if (ads.some(({ campaignId, podMax }) => podMax !== null && ofCampaign(campaignId) > podMax)) return false;
  const repeats = (field: 'creativeId' | 'advertiserId' | 'campaignId') =>
    new Set(ads.map((one) => one[field])).size < ads.length;
  const files = ads.flatMap(({ mediaUrls }) => mediaUrls);
  if (repeats('creativeId') || new Set(files).size < files.length) return false;
  if (!given.allowDuplicateAdvertisers && (repeats('advertiserId') || repeats('campaignId'))) return false;
  return !given.separation || keepsCompetitorsApart(ads, given.minSeparationSeconds);
}

function keepsCompetitorsApart(ads: readonly PodCandidate[], gapSeconds: number | null): boolean {
  for (let late = 0; late < ads.length; late++) {
    for (let early = 0; early < late; early++) {
      const between = ads.slice(early + 1, late).reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
      const compete = ads[early]?.categories.some((one) =>
        ads[late]?.categories.some(
          (other) => one.id === other.id || one.ancestors.includes(other.id) || other.ancestors.includes(one.id),
        ),
      );
      if (compete && (gapSeconds === null || between < gapSeconds)) return false;
    }
  }
  return true;
}

/** The first number of the objective over what is paid for, from the definition. */
export function worth(ads: readonly PodCandidate[], objective: PodRules['objective']): number {
  const paid = ads.filter(({ tier }) => tier !== 'house');
  if (objective === 'revenue') return paid.reduce((sum, one) => sum + one.scoreMicros, 0);
  if (objective === 'fill_rate') return paid.reduce((sum, one) => sum + one.durationSeconds, 0);
  return paid.reduce((sum, one, before) => sum + one.durationSeconds * one.qualityCenti - fatigueStep * before, 0);
}
