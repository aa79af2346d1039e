import type { CallFact } from './calls.ts';
import type { WarehouseFacts } from './stored.ts';

/**
 * What the audit works on: plain data, so that every check can be tried on a few hand-made rows.
 * Field names are those of the .avsc files and of viewers.jsonl. Times are epoch ms, money is micros.
 */

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type Logged<T> = Position & { readonly appendedAt: number; readonly key: string; readonly value: T };

export interface Identity {
  readonly scope: string;
  readonly hash: string;
}

export interface AdFact {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly advertiser: string;
  readonly position: number;
  readonly start_seconds: number;
  readonly duration_seconds: number;
  readonly pricing_model: string;
  readonly price_micros: number;
  readonly minute: number;
  readonly expires_at: number;
  readonly capped_by: readonly Identity[];
  readonly house: boolean;
}

export interface CandidateFact {
  readonly campaign: string;
  readonly creative: string;
  readonly duration_seconds: number;
  readonly value_micros: number;
  readonly score_micros: number;
  readonly mu_ppm: number;
  readonly pacing_signal: number | null;
  readonly score_signal: number | null;
  readonly outcome: string;
}

export interface RequestFact {
  readonly arrival_id: string;
  readonly request_id: string;
  readonly received_at: number;
  readonly viewer: string;
  /** The language of the answer. Not there: JSON. */
  readonly dialect?: string;
  readonly context: {
    readonly country: string | null;
    readonly device_type: string | null;
    readonly content_category?: string | null;
    /** Not there: written by an older release. */
    readonly other_categories?: readonly string[];
  };
  readonly experiments?: readonly { readonly experiment: string; readonly arm: string }[];
  readonly identities: readonly Identity[];
  /** Pseudonym of the stream; where its pod stands in it. */
  readonly session?: string | null;
  readonly break_index?: number | null;
  readonly break_offset_ms?: number | null;
  readonly separation_scope?: string;
  readonly requested_seconds: number;
  readonly min_ads: number;
  readonly max_ads: number;
  readonly min_separation_seconds: number | null;
  readonly separation: boolean;
  readonly allow_duplicate_advertisers: boolean;
  readonly ads: readonly AdFact[];
  /** Reserved beside the pod, position 0: each may be shown in place of any ad that fails. */
  readonly backups?: readonly AdFact[];
  readonly candidates: readonly CandidateFact[];
  readonly fallouts: readonly { readonly reason: string; readonly campaigns: number }[];
  readonly filled_seconds: number;
  readonly proof: { readonly conflicts_rejected: number };
}

export interface BeaconFact {
  readonly arrival_id: string;
  readonly event: string;
  readonly received_at: number;
  readonly cachebuster: string | null;
  readonly viewer: string;
  readonly request_id: string;
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly advertiser: string;
  readonly position: number;
  readonly duration_seconds: number;
  readonly pricing_model: string;
  readonly price_micros: number;
  readonly minute: number;
  readonly expires_at: number;
  readonly identities: readonly Identity[];
  /** Progress: which of its offsets. Not there: written by an older release, like the next. */
  readonly offset_seconds?: number | null;
  /** Why it is invalid traffic: decided at receipt, never billable. */
  readonly invalid?: string | null;
}

/** The facts signed into a tracking URL. */
export interface TokenFact {
  readonly partition: number;
  readonly viewer: string;
  readonly request_id: string;
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly advertiser: string;
  readonly position: number;
  readonly duration_seconds: number;
  readonly pricing_model: string;
  readonly price_micros: number;
  readonly minute: number;
  readonly expires_at: number;
  readonly click_expires_at: number;
  readonly identities: readonly Identity[];
}

export interface SignalFact {
  readonly kind: string;
  readonly campaign: string;
  readonly version: number;
  readonly mu_ppm: number;
  /** Not there, or without shares: written by an older release. */
  readonly creatives?: readonly {
    readonly creative: string;
    readonly share_ppm?: number | null;
    readonly ctr_ppm?: number;
    readonly vtr_ppm?: number;
    readonly completion_ppm?: number;
  }[];
  readonly contexts?: readonly {
    readonly dimension: string;
    readonly value: string;
    readonly ctr_ppm: number;
    readonly completion_ppm: number;
  }[];
  readonly ctr_ppm?: number;
  readonly vtr_ppm?: number;
  readonly completion_ppm?: number;
  readonly quality_centi?: number;
}

export interface DeadLetterFact extends Position {
  readonly reason: string;
}

/** Every offset and append time of one partition, whatever the records hold; `next` is the offset that its end names. */
export interface PartitionFact {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
  readonly offsets: readonly number[];
  readonly times: readonly number[];
  /** The last offset that is no tick; -1: none. */
  readonly lastRecord: number;
}

export interface LogFacts {
  readonly partitions: readonly PartitionFact[];
  readonly requests: readonly Logged<RequestFact>[];
  readonly beacons: readonly Logged<BeaconFact>[];
  readonly signals: readonly Logged<SignalFact>[];
  readonly deadLetters: readonly DeadLetterFact[];
  readonly undecodable: readonly Position[];
}

/** The limits: what the seed says of a campaign. */
export interface SeedCampaign {
  readonly id: string;
  readonly name: string;
  readonly advertiserId: string;
  readonly status: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly timeZone: string;
  readonly pricing: { readonly model: string; readonly priceMicros: number };
  readonly totalBudgetMicros: number | null;
  /** Of that, spent before the stream counted; absent: nothing. */
  readonly spentBeforeMicros?: number;
  readonly dailyBudgetMicros: number | null;
  readonly goalImpressions: number | null;
  readonly tier: string;
  readonly targeting: readonly {
    readonly conditions: readonly {
      readonly dimension: string;
      readonly mode: string;
      readonly values: readonly unknown[];
    }[];
  }[];
  readonly caps: readonly {
    readonly scope: string;
    readonly creativeId: string | null;
    /** Null: a lifetime, or the whole stream or pod. */
    readonly windowSeconds: number | null;
    readonly max: number;
    /** Views appended before are not counted. */
    readonly countsFrom?: number;
  }[];
  readonly categories: readonly { readonly id: string; readonly ancestors: readonly string[] }[];
  readonly creatives: readonly {
    readonly id: string;
    readonly durationSeconds: number;
    readonly status: string;
    readonly media: readonly { readonly url: string }[];
    readonly vastTagUrl?: string;
    readonly place?: string | null;
    readonly weight?: number;
  }[];
}

export interface Settings {
  readonly token_life_ms: number;
  readonly click_token_life_ms: number;
  readonly signals: boolean;
  /** What arms make of a score. */
  readonly experiments?: readonly {
    readonly name: string;
    readonly arms: readonly {
      readonly name: string;
      readonly quality_percent: number;
      readonly shadow_price_percent: number;
    }[];
  }[];
}

export interface MoneyFact {
  readonly closed_up_to: number;
  readonly billed_micros: number;
  readonly billed_impressions: number;
  readonly days: readonly { readonly day: string; readonly micros: number; readonly impressions: number }[];
  readonly taken: readonly { readonly minute: number; readonly micros: number; readonly impressions: number }[];
}

export interface SumsFact {
  readonly partition: number;
  readonly minute: number;
  readonly campaigns: readonly {
    readonly campaign: string;
    readonly billed_micros: number;
    readonly impressions: number;
  }[];
}

export interface FrequencyEntryFact {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly state: string;
  readonly at: number;
}

export interface StateFacts {
  /** By campaign. */
  readonly money: ReadonlyMap<string, MoneyFact>;
  readonly sums: readonly SumsFact[];
  readonly frequency: readonly (Identity & { readonly entries: readonly FrequencyEntryFact[] })[];
  readonly heads: readonly {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
    readonly position: number;
  }[];
  /** Every key of the store, and those of them that never end. */
  readonly keys: { readonly count: number; readonly endless: readonly string[] };
}

/** A finished run, as its files tell it. */
export interface Run {
  readonly settings: Settings;
  readonly seed: ReadonlyMap<string, SeedCampaign>;
  readonly calls: readonly CallFact[];
  readonly log: LogFacts;
  readonly state: StateFacts;
  readonly warehouse: WarehouseFacts;
  /** Decodes the signed facts of a tracking URL; null: not a token. */
  readonly token: (url: string) => TokenFact | null;
}
