/** TypeScript shapes of the .avsc files; `schemas.test.ts` holds each against its schema. UUIDs are text, longs are safe integers. */

import type { Identity } from './request-records.ts';

export type {
  AdRequest,
  Candidate,
  CatalogMark,
  ExperimentArm,
  FallenCampaign,
  Fallout,
  Identity,
  PodProof,
  RequestContext,
  ServedAd,
} from './request-records.ts';
export type {
  CampaignContexts,
  CampaignSums,
  ContextCell,
  ContextRecord,
  CreativeCounts,
  FrequencyEntry,
  FrequencyRecord,
  HeadRecord,
  JournalsRecord,
  MoneyDay,
  MoneyRecord,
  OpenJournal,
  OpenMinutesRecord,
  ScoreRecord,
  SignalStateRecord,
  StateShapes,
  StreamEntry,
  StreamRecord,
  SumsRecord,
  TakenMinute,
  ViewTotal,
} from './state-records.ts';

/** One beacon that arrived with a genuine signature. Topic ad-beacons, partition from the token. The facts are the token's, so it can be billed without its request. */
export interface AdBeacon {
  readonly arrival_id: string;
  /** impression, start, firstQuartile, midpoint, thirdQuartile, complete, click, mute, ... */
  readonly event: string;
  /** epoch ms, server receipt */
  readonly received_at: number;
  /** the player's cb parameter, at most 64 characters */
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
  /** of one billable event */
  readonly price_micros: number;
  /** the decision's minute: epoch minutes */
  readonly minute: number;
  /** epoch ms for this event; appended later is late, never billable */
  readonly expires_at: number;
  /** identities under caps */
  readonly identities: readonly Identity[];
  readonly country: string | null;
  readonly device_type: string | null;
  readonly user_agent_class: string;
  /** epoch ms by the player's clock; never decides anything */
  readonly client_at: number | null;
  readonly view_ms: number | null;
  readonly viewability_percentage: number | null;
  readonly audio_level: number | null;
  readonly error_code: number | null;
  /** progress: which of its offsets; each is an event of its own */
  readonly offset_seconds: number | null;
  /** anonymous, key, network: who called, as far as we know */
  readonly caller: string;
  /** why it is invalid traffic, decided at receipt; never billable. Null: it is not */
  readonly invalid: string | null;
}

/** One conversion. Topic conversions, key viewer; conversion_id is its identity. */
export interface Conversion {
  readonly arrival_id: string;
  readonly conversion_id: string;
  readonly received_at: number;
  readonly occurred_at: number;
  readonly viewer: string;
  readonly advertiser: string;
  readonly type: string;
  readonly value_micros: number;
  /** server, pixel */
  readonly source: string;
  /** who converted, under every pseudonym that is read */
  readonly identities: readonly Identity[];
  /** the ad that its sender names */
  readonly reservation: string | null;
  /** why it is invalid traffic, decided at receipt */
  readonly invalid: string | null;
}

/** A versioned catalog document. Topic catalog-changes, key id. The newest version of an id wins. */
export interface CatalogChange {
  /** campaign, pod */
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
  /** JSON, shape in domain/campaign.ts; null when deleted */
  readonly document: string | null;
  readonly changed_at: number;
}

export interface CreativeRates {
  readonly creative: string;
  readonly ctr_ppm: number;
  readonly vtr_ppm: number;
  readonly completion_ppm: number;
  /** how likely it is the best of its campaign's creatives of its length and place; null: nobody asked */
  readonly share_ppm: number | null;
}

/** Where rates are others than the campaign's. */
export interface ContextFactor {
  /** device_type, content_category, hour, position */
  readonly dimension: string;
  /** hour: 0 to 23, UTC; position: from 1 */
  readonly value: string;
  /** of the rate: 1000000 leaves it as it is */
  readonly ctr_ppm: number;
  readonly completion_ppm: number;
}

/** Absolute values for one campaign. Topic campaign-signals, key campaign. Newest version per (campaign, kind) wins; all are published again every minute. */
export interface CampaignSignal {
  readonly kind: 'UNKNOWN' | 'PACING' | 'SCORE';
  readonly campaign: string;
  /** grows per (campaign, kind) */
  readonly version: number;
  readonly computed_at: number;
  /** receipt of the oldest beacon that this value is the first to include; null on a repetition */
  readonly caused_by_received_at: number | null;
  /** PACING: shadow price */
  readonly mu_ppm: number;
  /** PACING: under, on_track, over */
  readonly pacing_status: string;
  /** PACING: billed, closed and open minutes */
  readonly spent_micros: number;
  /** PACING: what the curve wants by now */
  readonly target_micros: number;
  /** PACING: billable */
  readonly impressions: number;
  /** SCORE */
  readonly ctr_ppm: number;
  /** SCORE */
  readonly vtr_ppm: number;
  /** SCORE */
  readonly completion_ppm: number;
  /** SCORE: 0 to 1000 is 0 to 10 */
  readonly quality_centi: number;
  /** SCORE: 0 to 1000 is 0 to 10 */
  readonly relevance_centi: number;
  readonly creatives: readonly CreativeRates[];
  /** SCORE: where rates are others than the campaign's; what is not named is as the rest */
  readonly contexts: readonly ContextFactor[];
}

/** An alert raised or cleared. Topic alerts, key campaign. */
export interface Alert {
  readonly alert_id: string;
  readonly campaign: string | null;
  readonly rule: string;
  readonly state: 'UNKNOWN' | 'RAISED' | 'CLEARED';
  readonly at: number;
  readonly detail: string;
}

/** A record that a worker could not use: its original bytes, where from, why. Topic dead-letters, key source. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly appended_at: number;
  /** the worker that refused it */
  readonly group: string;
  readonly reason: string;
  readonly detail: string;
  readonly key: string;
  readonly bytes: Buffer;
}

/** What a journal of decisions says of itself, in every partition of ad-requests. See docs/decisions/0010. */
export interface JournalMark {
  readonly journal: string;
  /** ids; every decision that took anything in another store stands before this record */
  readonly stores: readonly string[];
  /** no decision follows any more */
  readonly closed: boolean;
}

/** Keeps a quiet partition's watermark moving. In any topic; carries no effect but its append time. */
export interface Tick {
  readonly group: string;
}

/** The facts inside a signed tracking URL: /api/v2/beacons/<event>?t=<keyId>.<base64url of this>.<base64url of HMAC>. Not a topic. */
export interface TrackingToken {
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
  /** epoch ms; a click's is click_expires_at, and that of what an ad tells while it plays the later of both */
  readonly expires_at: number;
  readonly click_expires_at: number;
  readonly identities: readonly Identity[];
  readonly country: string | null;
  readonly device_type: string | null;
  readonly click_through: string | null;
}
