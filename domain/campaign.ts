import type { Creative, MediaFile, Place } from './creative.ts';
import type { Micros, Pricing } from './money.ts';
import type { DimensionName } from './targeting/dimensions.ts';

export type CampaignStatus = 'draft' | 'active' | 'paused' | 'completed';
/** even and front_loaded follow the expected traffic, custom a curve of the campaign's own; asap has no plan. */
export type PacingMode = 'even' | 'asap' | 'front_loaded' | 'custom';

/** By this share of the flight's expected traffic this share of the plan is due; both 0 to 1. */
export interface CurvePoint {
  readonly flight: number;
  readonly plan: number;
}
/** Who goes first: any guaranteed ad beats all standard ones, and a house ad only fills what nobody paid for. */
export type Tier = 'guaranteed' | 'standard' | 'house';
/** Whose views a cap counts, or in what: a `stream` needs the session's id, a `pod` needs no record. */
export type CapScope = 'user' | 'device' | 'household' | 'ip' | 'stream' | 'pod';

export type { Creative, DimensionName, MediaFile };

/** One dimension's condition. Values in the plan's shapes: "US", "803", {min,max}, {start,end}, 1..7. */
export interface Condition {
  readonly dimension: DimensionName;
  readonly mode: 'include' | 'exclude';
  readonly values: readonly unknown[];
}

/** All conditions must hold. A campaign matches when any of its rules does, or when it has none. */
export interface TargetingRule {
  readonly id: string;
  readonly conditions: readonly Condition[];
}

/** At most `max` billable impressions in any span of the window. Which sets make sense: frequency/cap-set.ts. */
export interface FrequencyCap {
  readonly scope: CapScope;
  /** Null: counts all creatives of the campaign. */
  readonly creativeId: string | null;
  /** 60, 3600, 86400, 604800 or 2678400; null: a lifetime, or the whole pod or stream. */
  readonly windowSeconds: number | null;
  readonly max: number;
  /** Epoch ms: views appended before are not counted. Absent: whatever is known is. */
  readonly countsFrom?: number;
}

/** A competitive category with all its ancestors, root last. */
export interface CampaignCategory {
  readonly id: string;
  readonly name: string;
  readonly ancestors: readonly string[];
}

/** The campaign document: what the catalog publishes and deciders hold. Times in epoch ms. */
export interface Campaign {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly advertiserId: string;
  readonly advertiserName: string;
  readonly status: CampaignStatus;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly timeZone: string;
  readonly pricing: Pricing;
  readonly totalBudgetMicros: Micros | null;
  /** Spent of the total before the stream counted. Absent: nothing. */
  readonly spentBeforeMicros?: Micros;
  readonly dailyBudgetMicros: Micros | null;
  readonly goalImpressions: number | null;
  readonly pacingMode: PacingMode;
  /** Of mode `custom`: ascending, from (0, 0) to (1, 1). Absent or null: none. */
  readonly pacingCurve?: readonly CurvePoint[] | null;
  readonly tier: Tier;
  /** Absent or null: its ads may stand anywhere in a pod. */
  readonly place?: Place | null;
  readonly targeting: readonly TargetingRule[];
  readonly caps: readonly FrequencyCap[];
  readonly categories: readonly CampaignCategory[];
  readonly creatives: readonly Creative[];
}

/** The only place in which an ad may stand: its own, else its campaign's. Null: anywhere. */
export function placeOf(creative: Pick<Creative, 'place'>, campaign: Pick<Campaign, 'place'>): Place | null {
  return creative.place ?? campaign.place ?? null;
}

/** Rules for a pod kept by name (the plan's ad_pods). */
export interface PodConfig {
  readonly id: string;
  readonly version: number;
  /** Whose requests may name it. Absent: the house's. */
  readonly organisation?: string;
  readonly name: string;
  readonly durationSeconds: number;
  readonly minAds: number;
  readonly maxAds: number;
  readonly competitiveSeparation: boolean;
  /** Null: competitors never in one pod. */
  readonly minSeparationSeconds: number | null;
  /** `stream`: where minSeparationSeconds is null, competitors never in one stream. Absent: `pod`. */
  readonly separationScope?: SeparationScope;
  readonly allowDuplicateAdvertisers: boolean;
  readonly objective: Objective;
  /** A pod that does not fill its duration to the second is no pod. Absent: at most the duration. */
  readonly exactDuration?: boolean;
  /** Lengths that an ad may have, in seconds. Absent or null: any. */
  readonly allowedDurations?: readonly number[] | null;
  /** Spare ads to be reserved beside the pod. Absent: none. */
  readonly backupAds?: number;
}

export type SeparationScope = 'pod' | 'stream';

export type Objective = 'revenue' | 'fill_rate' | 'user_experience';
