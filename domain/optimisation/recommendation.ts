import type { Campaign, Condition, DimensionName, FrequencyCap, PacingMode } from '../campaign.ts';
import type { Delivered, ProjectedCampaign } from '../pacing/course.ts';
import type { Forecast } from '../pacing/forecast.ts';
import type { Projection } from '../pacing/projection.ts';
import type { Estimate, Share } from '../statistics.ts';

const dayMs = 86_400_000;

export const recommendationKinds = [
  'under_delivery',
  'fatigue',
  'narrow_targeting',
  'weak_creative',
  'bid_too_low',
  'bid_too_high',
  'wasted_day_parts',
] as const;

export type RecommendationKind = (typeof recommendationKinds)[number];

/** What would be changed: one field of one campaign, put in place by `applied`. */
export type Change =
  | { readonly field: 'price'; readonly priceMicros: number }
  | { readonly field: 'pacing_mode'; readonly mode: PacingMode }
  | { readonly field: 'ends_at'; readonly endsAt: number }
  | { readonly field: 'cap'; readonly cap: FrequencyCap }
  | { readonly field: 'targeting'; readonly rules: readonly (readonly Condition[])[] }
  | { readonly field: 'creative_status'; readonly creativeId: string; readonly status: 'active' | 'inactive' };

/** What a change is expected to do to a measure: the difference that it makes. The interval holds nine in ten. */
export interface Effect extends Estimate {
  readonly measure: 'impressions_per_day' | 'completion_rate' | 'spend_micros_per_day' | 'probability_of_full_delivery';
}

export interface Recommendation {
  readonly kind: RecommendationKind;
  readonly campaignId: string;
  /** Which creative, condition or hours; null: the campaign as a whole. */
  readonly subject: string | null;
  readonly why: string;
  /** The numbers that it rests on. */
  readonly evidence: Readonly<Record<string, number | string | null>>;
  readonly effect: Effect;
  readonly change: Change;
}

/** What of one creative was counted. */
export interface CreativeFigures {
  readonly creativeId: string;
  readonly impressions: number;
  readonly starts: number;
  readonly completes: number;
}

/** The views that were a viewer's nth of the campaign; the last entry holds all later ones too. */
export interface ExposureFigures extends Share {
  readonly nth: number;
}

/** One hour of the day in the campaign's zone: views begun, and of them completed. */
export interface HourFigures extends Share {
  readonly hour: number;
  readonly impressions: number;
}

/** What became of the campaign in a sample of requests that it entered. */
export interface AuctionFigures {
  /** How long the sample took to come in. */
  readonly sampledMs: number;
  readonly entered: number;
  readonly won: number;
  readonly lost: number;
  readonly capReached: number;
  readonly shadowPriced: number;
  /** Of the lost: how many a price higher by so much would have won. Ascending. */
  readonly wonAt: readonly { readonly raise: number; readonly wins: number }[];
  /** Nine in ten wins had more than this to spare before the best that lost, as a share of the own score; null: nobody lost to it. */
  readonly margin: number | null;
}

/** How much of a sample of requests the targeting lets in. */
export interface ReachFigures {
  readonly sampled: number;
  readonly matched: number;
  /** Of the matched: viewers who are known to go by another clock than the campaign. */
  readonly onOtherClocks: number;
  /** `matched`, without one condition of one rule. */
  readonly without: readonly {
    readonly rule: number;
    readonly condition: number;
    readonly dimension: DimensionName;
    readonly matched: number;
  }[];
}

/** All that the rules look at. */
export interface Findings {
  readonly campaign: Campaign;
  readonly now: number;
  readonly projection: Projection | null;
  /** What the projection was made from. */
  readonly flight: ProjectedCampaign;
  readonly delivered: Delivered;
  /** Of its own hours. */
  readonly forecast: Forecast;
  /** Means over the days looked at. */
  readonly impressionsPerDay: number;
  readonly spendMicrosPerDay: number;
  readonly muPpm: number;
  readonly creatives: readonly CreativeFigures[];
  readonly exposures: readonly ExposureFigures[];
  readonly hours: readonly HourFigures[];
  readonly auctions: AuctionFigures;
  readonly reach: ReachFigures;
}

/** Full delivery is unlikely, as far as it can be told. */
export function isShort({ projection }: Findings): boolean {
  return projection?.probability !== null && projection !== null && projection.probability < 0.5;
}

/** Impressions a day for one won request of the sample; where none was won, each win is taken for an impression. */
export function impressionsPerWin({ auctions, impressionsPerDay }: Findings): number {
  return auctions.won > 0 ? impressionsPerDay / auctions.won : dayMs / auctions.sampledMs;
}

/** An estimate of a share, as the same estimate of what that share is of. */
export function times({ expected, low, high }: Estimate, factor: number): Estimate {
  const ends = [low * factor, high * factor];
  return { expected: expected * factor, low: Math.min(...ends), high: Math.max(...ends) };
}
