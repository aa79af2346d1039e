/** Why a viewer makes a call, or what is wrong with it on purpose. */
export type Intent =
  | 'normal'
  | 'retry'
  | 'duplicate'
  | 'late'
  | 'lost'
  | 'bot'
  | 'malformed'
  | 'forged'
  | 'missing_fields';

/** One moment at which a viewer's player asks for a pod. Its retries share it, so that a pod is played once. */
export interface Visit {
  /** Position in the schedule, from 0. */
  readonly ordinal: number;
  readonly viewer: string;
  readonly userAgent: string;
  readonly bot: boolean;
  readonly requestId: string | null;
  readonly requestedSeconds: number;
  /** Sent after the first answer: the same request_id with another body. */
  readonly conflict: boolean;
  answered: boolean;
}

/** One HTTP call to make. */
export interface Call {
  readonly kind: 'ad-request' | 'beacon';
  readonly intent: Intent;
  readonly viewer: string;
  readonly userAgent: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** As recorded: the JSON value, or the text where it is no JSON. */
  readonly body: unknown;
  /** As sent. */
  readonly payload: Buffer | null;
  readonly cb: string | null;
  readonly event: string | null;
  readonly adId: string | null;
  readonly requestId: string | null;
  /** Genuine beacons inside. */
  readonly beacons: number;
  /** Whose answer it may be; null for what expects a refusal. */
  readonly visit: Visit | null;
  /** From 1; higher on the player's own network retries. */
  readonly attempt: number;
  /** When the first attempt was made, epoch ms; null before it. */
  readonly firstAt: number | null;
}

/** A call and when to make it, epoch ms. */
export interface Due {
  readonly at: number;
  readonly call: Call;
}

/** What came back. `status` null: nothing did, and `error` says why. */
export interface Answer {
  readonly status: number | null;
  readonly error: string | null;
  readonly text: string;
  /** Milliseconds from Retry-After, or null. */
  readonly retryAfterMs: number | null;
}

/** A served ad as far as a player reads it. */
export interface ServedAd {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly start_seconds: number;
  readonly duration_seconds: number;
  readonly tracking: Readonly<Record<string, string>>;
}

export interface ServedPod {
  readonly filled_seconds: number;
  readonly ads: readonly ServedAd[];
  /** Each may be shown in place of any ad that fails; they have no second of their own. */
  readonly backups: readonly Omit<ServedAd, 'start_seconds'>[];
}
