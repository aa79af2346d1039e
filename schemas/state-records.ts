import type { TrackingToken } from './records.ts';

/** TypeScript shapes of what the state store holds; encoded without a header, read by this release only. */

export interface FrequencyEntry {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  /** whose watermark frees it */
  readonly partition: number;
  /** CONFIRMED: until when some cap counts the view; else when the place runs out */
  readonly expires_at: number;
  readonly state: 'OUTSTANDING' | 'CONFIRMED' | 'RELEASED';
  /** CONFIRMED: append time of the impression; OUTSTANDING: ms for which some cap will count the view, 0: not known; else 0 */
  readonly at: number;
  /** a lifetime cap counts it: when it is old it goes into a total, not away */
  readonly for_life: boolean;
}

export interface ViewTotal {
  readonly campaign: string;
  readonly creative: string;
  readonly views: number;
  readonly last_at: number;
}

/** State store: what one identity has seen and holds. Key f:<scope>:<hash>. Rules in domain/frequency/. */
export interface FrequencyRecord {
  readonly entries: readonly FrequencyEntry[];
  /** views too old for every window but a lifetime */
  readonly totals: readonly ViewTotal[];
  /** epoch ms: nothing appended up to then comes back */
  readonly erased_at: number;
}

export interface StreamEntry {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  /** whose watermark frees it */
  readonly partition: number;
  readonly expires_at: number;
  readonly state: 'OUTSTANDING' | 'CONFIRMED' | 'RELEASED';
  /** CONFIRMED: append time of the impression; else 0 */
  readonly at: number;
  readonly advertiser: string | null;
  readonly categories: readonly string[];
  /** of all categories */
  readonly ancestors: readonly string[];
  /** what its pod asked for across pods; null: no competitor in the whole stream; 0: nothing */
  readonly apart_seconds: number | null;
  readonly break_index: number | null;
  /** where its pod begins in stream time */
  readonly break_offset_ms: number | null;
  /** from the pod's beginning */
  readonly start_ms: number;
  readonly end_ms: number;
  /** how long its pod is */
  readonly pod_ms: number;
}

/** State store: the ads of one stream, for stream caps and separation across its pods. Key t:<hash of the session>. Rules in domain/separation-stream.ts. */
export interface StreamRecord {
  readonly entries: readonly StreamEntry[];
  /** epoch ms: nothing appended up to then comes back */
  readonly erased_at: number;
}

export interface MoneyDay {
  /** YYYY-MM-DD in the campaign's zone */
  readonly day: string;
  readonly micros: number;
  readonly impressions: number;
}

export interface TakenMinute {
  readonly minute: number;
  /** the decision's day in the campaign's zone */
  readonly day: string;
  readonly micros: number;
  readonly impressions: number;
}

/** State store: one campaign's money. Key m:<campaign>. Rules in domain/money.ts. */
export interface MoneyRecord {
  /** epoch minute; every minute up to it is billed for good; 0 at first */
  readonly closed_up_to: number;
  /** all closed minutes */
  readonly billed_micros: number;
  readonly billed_impressions: number;
  readonly days: readonly MoneyDay[];
  readonly taken: readonly TakenMinute[];
}

export interface CampaignSums {
  readonly campaign: string;
  readonly billed_micros: number;
  /** billable */
  readonly impressions: number;
  readonly starts: number;
  readonly completes: number;
  readonly clicks: number;
  readonly errors: number;
}

/** State store: what one partition billed and counted for decisions of one minute. Key s:<partition>:<minute>. */
export interface SumsRecord {
  /** next offset; offsets below it are in the sums */
  readonly position: number;
  readonly campaigns: readonly CampaignSums[];
}

export interface CreativeCounts {
  readonly creative: string;
  readonly campaign: string;
  readonly advertiser: string;
  readonly impressions_milli: number;
  readonly starts_milli: number;
  readonly completes_milli: number;
  readonly clicks_milli: number;
  readonly skips_milli: number;
  readonly errors_milli: number;
}

/** State store: one partition's decayed counts per creative. Key r:<partition>. Counts are thousandths, decayed to as_of. */
export interface ScoreRecord {
  readonly position: number;
  readonly as_of: number;
  readonly creatives: readonly CreativeCounts[];
}

export interface ContextCell {
  /** device_type, content_category, hour, position */
  readonly dimension: string;
  readonly value: string;
  readonly impressions_milli: number;
  readonly starts_milli: number;
  readonly completes_milli: number;
  readonly clicks_milli: number;
}

export interface CampaignContexts {
  readonly campaign: string;
  readonly advertiser: string;
  readonly cells: readonly ContextCell[];
}

/** State store: decayed counts by context. Key x:contexts. Rules in domain/scoring/context-counts.ts. */
export interface ContextRecord {
  /** epoch minute: decisions of earlier ones are counted */
  readonly until: number;
  readonly campaigns: readonly CampaignContexts[];
}

/** State store: how far a group has applied one partition. Key h:<group>:<topic>:<partition>. Swapped last. */
export interface HeadRecord {
  /** next offset to apply */
  readonly position: number;
  /** epoch ms; every record appended before it is applied and none will come before it */
  readonly watermark: number;
  /** ids of the stores whose effects are complete */
  readonly caught_up: readonly string[];
}

/** State store: decision minutes of one partition that have sums and are not closed yet. Key o:<partition>. */
export interface OpenMinutesRecord {
  readonly minutes: readonly number[];
}

/** State store: what a worker last published for one campaign, so that its successor goes on from there. Key g:<kind>:<campaign>. */
export interface SignalStateRecord {
  readonly version: number;
  readonly computed_at: number;
  readonly mu_ppm: number;
  /** PACING: mu without the guard rail */
  readonly dual_ppm: number;
  /** the framed CampaignSignal as published */
  readonly signal: Buffer;
}

/** State records and the token, by the name of their .avsc file. */
/** Where a partition stood at some times of the last token life, oldest first. Key w:<group>:<topic>:<partition>. */
export interface MarksRecord {
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly offset: number;
  /** epoch ms: append time of the record at the offset */
  readonly at: number;
}

export interface OpenJournal {
  readonly journal: string;
  /** of its newest mark */
  readonly stores: readonly string[];
  /** epoch ms: append time of its newest mark */
  readonly at: number;
}

/** State store: the journals that may still ship decisions into one partition of ad-requests, as a group has read it. Key j:<group>:<partition>. */
export interface JournalsRecord {
  readonly journals: readonly OpenJournal[];
}

export interface StateShapes {
  'tracking-token': TrackingToken;
  'frequency-record': FrequencyRecord;
  'stream-record': StreamRecord;
  'money-record': MoneyRecord;
  'sums-record': SumsRecord;
  'score-record': ScoreRecord;
  'context-record': ContextRecord;
  'head-record': HeadRecord;
  'marks-record': MarksRecord;
  'journals-record': JournalsRecord;
  'open-minutes-record': OpenMinutesRecord;
  'signal-state-record': SignalStateRecord;
}
