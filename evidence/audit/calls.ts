/** One ad of an answer as its viewer saw it. */
export interface SeenAd {
  readonly ad_id: string;
  readonly campaign_id: string;
  readonly creative_id: string;
  readonly advertiser_id: string;
  readonly position: number;
  readonly start_seconds: number;
  readonly duration_seconds: number;
  readonly tracking: Readonly<Record<string, string>>;
}

/** What an exchange was offered for an ad: dollars for a thousand impressions. */
export interface BidFact {
  readonly ad_id: string;
  readonly campaign_id: string;
  readonly price: number;
  readonly floor: number;
}

/** One call of viewers.jsonl; a POST of many beacons is one for each, a request for many pods likewise. */
export interface CallFact {
  readonly seq: number;
  readonly kind: 'ad-request' | 'beacon';
  readonly intent: string;
  /** Null: no answer came, or it was never sent (`error` "not sent"). */
  readonly status: number | null;
  readonly error: string | null;
  readonly url: string;
  /** Of an ad request: the language that it was asked in. */
  readonly dialect: string;
  /** An exchange's: refused before anything was decided. */
  readonly refused?: boolean;
  /** An exchange's: its time was over before the decision was made, which may be in the log. */
  readonly overtaken?: boolean;
  /** How long an exchange wants its places held. */
  readonly holdSeconds?: number;
  readonly bids?: readonly BidFact[];
  readonly requestId: string | null;
  readonly userId: string | null;
  readonly householdId: string | null;
  readonly answer: {
    readonly request_id: string;
    readonly ads: readonly SeenAd[];
    /** Position and start are 0: the answer says none. */
    readonly backups?: readonly SeenAd[];
  } | null;
  readonly cb: string | null;
  readonly event: string | null;
  readonly adId: string | null;
}
