import type { PodCandidate, PodRules } from './pod.ts';

/** An ad of a campaign, an advertiser and a file of its own. */
export function ad(
  id: string,
  durationSeconds: number,
  scoreMicros: number,
  more: Partial<PodCandidate> = {},
): PodCandidate {
  return {
    campaignId: `k-${id}`,
    creativeId: id,
    advertiserId: `a-${id}`,
    mediaUrls: [`m-${id}`],
    durationSeconds,
    categories: [],
    scoreMicros,
    qualityCenti: 500,
    tier: 'standard',
    place: null,
    podMax: null,
    ...more,
  };
}

export const inCategory = (id: string, ...ancestors: string[]) => ({ categories: [{ id, name: id, ancestors }] });

/** A minute for up to three ads of different advertisers, none of which competes with another. */
export const minuteRules: PodRules = {
  durationSeconds: 60,
  exactDuration: false,
  allowedDurations: null,
  minAds: 0,
  maxAds: 3,
  objective: 'revenue',
  separation: true,
  minSeparationSeconds: null,
  allowDuplicateAdvertisers: false,
  backupAds: 0,
  nodeLimit: 20_000,
};
