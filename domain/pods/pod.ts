import type { CampaignCategory, Objective, SeparationScope } from '../campaign.ts';

/** An ad that may stand in the pod. */
export interface PodCandidate {
  readonly campaignId: string;
  readonly creativeId: string;
  readonly advertiserId: string;
  readonly mediaUrl: string;
  readonly durationSeconds: number;
  readonly categories: readonly CampaignCategory[];
  /** Expected value less the shadow price of the budget; at least 1. */
  readonly scoreMicros: number;
  /** 0 to 1000. */
  readonly qualityCenti: number;
  /** House ads fill only what no standard ad can: every standard ad beats any number of house ads. */
  readonly house: boolean;
}

export interface PodRules {
  readonly durationSeconds: number;
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
  readonly filledSeconds: number;
  /** The objective's value of `ads`, and what no pod can exceed. `exact`: they are proven equal. */
  readonly value: number;
  readonly bound: number;
  readonly exact: boolean;
  readonly nodes: number;
  /** Pairs of candidates that the separation rules keep apart. */
  readonly conflicts: number;
}
