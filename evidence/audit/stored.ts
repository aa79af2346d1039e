import type { Position } from './facts.ts';

/** What the warehouse holds, in the audit's terms: times in epoch ms, decision minutes as epoch minutes. */

export interface StoredRequest extends Position {
  readonly request_id: string;
  readonly appendedAt: number;
  readonly requested_seconds: number;
  readonly filled_seconds: number;
  /** First of its request_id. */
  readonly first: boolean;
}

export interface StoredAd extends Position {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly position: number;
  readonly price_micros: number;
}

export interface StoredBeacon extends Position {
  readonly appendedAt: number;
  readonly arrival_id: string;
  readonly event: string;
  readonly request_id: string;
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly price_micros: number;
  readonly minute: number;
  readonly expires_at: number;
  readonly duplicate: boolean;
  readonly late: boolean;
  readonly billable: boolean;
  /** Why it is invalid traffic; empty: it is not. */
  readonly traffic: string;
  readonly spend_micros: number;
}

export type Grain = 'minute' | 'hour' | 'day';

/** Sums of one span of a roll-up, merged over source partitions. */
export interface RollupRow {
  readonly kind: 'delivery' | 'request';
  readonly grain: Grain;
  /** Beginning of the span. */
  readonly from: number;
  /** Delivery: the campaign. Requests: empty. */
  readonly group: string;
  readonly sums: Readonly<Record<string, number>>;
}

export interface WarehouseFacts {
  readonly requests: readonly StoredRequest[];
  readonly ads: readonly StoredAd[];
  readonly beacons: readonly StoredBeacon[];
  readonly signals: readonly Position[];
  readonly rollups: readonly RollupRow[];
}
