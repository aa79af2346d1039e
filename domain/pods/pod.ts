import type { CampaignCategory, Objective, SeparationScope, Tier } from '../campaign.ts';
import type { Place } from '../creative.ts';

/** An ad that may stand in the pod. */
export interface PodCandidate {
  readonly campaignId: string;
  readonly creativeId: string;
  readonly advertiserId: string;
  /** Every file that it may play from: who shares one with it shows the same film. */
  readonly mediaUrls: readonly string[];
  readonly durationSeconds: number;
  readonly categories: readonly CampaignCategory[];
  /** Expected value less the shadow price of the budget; at least 1. */
  readonly scoreMicros: number;
  /** 0 to 1000. */
  readonly qualityCenti: number;
  /** A guaranteed ad beats any number of standard ones, and a standard one any number of house ads. */
  readonly tier: Tier;
  /** The only place in which it may stand; null: any. */
  readonly place: Place | null;
  /** At most so many ads of its campaign in one pod; null: no cap. */
  readonly podMax: number | null;
  /** The solver's own, for a creative that comes again: it belongs to all candidates of the same ids, media files and categories. */
  readonly memo?: CandidateMemo;
}

export interface CandidateMemo {
  places: object | null;
}

export interface PodRules {
  readonly durationSeconds: number;
  /** A pod that does not fill `durationSeconds` to the second is no pod. */
  readonly exactDuration: boolean;
  /** Lengths that an ad may have, in seconds; null: any. */
  readonly allowedDurations: readonly number[] | null;
  readonly minAds: number;
  readonly maxAds: number;
  readonly objective: Objective;
  /** False: competitors may stand anywhere. */
  readonly separation: boolean;
  /** Null: competitors never in one pod. Else: seconds from the end of one to the start of the next. */
  readonly minSeparationSeconds: number | null;
  /** `stream`: where minSeparationSeconds is null, competitors never in one stream. Absent: `pod`. The solver sees one pod. */
  readonly separationScope?: SeparationScope;
  readonly allowDuplicateAdvertisers: boolean;
  /** Spare ads beside the pod: see backups.ts. */
  readonly backupAds: number;
  /** Search steps before the best so far is answered with its bound. */
  readonly nodeLimit: number;
}

export interface PodAd {
  readonly candidate: PodCandidate;
  /** From the pod's beginning. */
  readonly startSeconds: number;
}

/** The best pod, in playing order, with its proof. */
export interface PodSolution {
  readonly ads: readonly PodAd[];
  /** Each could stand in for any ad of the pod, the best first. */
  readonly backups: readonly PodCandidate[];
  readonly filledSeconds: number;
  /** The objective's value of `ads` without house ads, and what no pod can exceed. `exact`: they are proven equal. */
  readonly value: number;
  readonly bound: number;
  readonly exact: boolean;
  readonly nodes: number;
  /** Pairs of candidates that the separation rules keep apart. */
  readonly conflicts: number;
}

/** In the order in which they count. */
export const tiers: readonly Tier[] = ['guaranteed', 'standard', 'house'];

/** Whether an ad may be in any pod of these rules. */
export function isUsable(ad: PodCandidate, { durationSeconds, allowedDurations }: PodRules): boolean {
  if (ad.durationSeconds > durationSeconds || (ad.podMax !== null && ad.podMax < 1)) return false;
  return allowedDurations === null || allowedDurations.includes(ad.durationSeconds);
}
