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

/** The languages in which players, stitchers and exchanges ask. */
export const dialects = ['json', 'vast', 'vmap', 'asset-list', 'openrtb'] as const;
export type Dialect = (typeof dialects)[number];

/** One moment at which a viewer's player asks for a pod. Its retries share it, so that a pod is played once. */
export interface Visit {
  /** Position in the schedule, from 0. */
  readonly ordinal: number;
  readonly viewer: string;
  readonly userAgent: string;
  readonly bot: boolean;
  readonly requestId: string | null;
  readonly dialect: Dialect;
  readonly requestedSeconds: number;
  /** Sent after the first answer: the same request_id with another body. */
  readonly conflict: boolean;
  answered: boolean;
}

/** One HTTP call to make. */
export interface Call {
  /** `break`: what is told of a break and of no ad. */
  readonly kind: 'ad-request' | 'beacon' | 'break';
  readonly intent: Intent;
  readonly viewer: string;
  readonly userAgent: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** What kind of answer it takes, as HTTP says it; null: any. */
  readonly accept: string | null;
  /** Of the request, or of the request whose ads are told of. */
  readonly dialect: Dialect;
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
  /** Why an exchange was given no bid; null: it was, or nobody asked for one. */
  readonly noBid: string | null;
}

/** A served ad as far as a player reads it. */
export interface ServedAd {
  /** Null: the dialect names none. */
  readonly ad_id: string | null;
  readonly creative_id: string;
  readonly start_seconds: number;
  readonly duration_seconds: number;
  /** By event. A document may name several URLs for one: all are called. */
  readonly tracking: Readonly<Record<string, readonly string[]>>;
  /** What is told at a second of the ad beside the events of every player. */
  readonly told: readonly { readonly event: string; readonly atSeconds: number }[];
  /** False: a third party's tag, which is not followed here. */
  readonly playable: boolean;
  /** Called by an exchange that lets the ad lose its auction; null: there is none. */
  readonly lossUrl: string | null;
}

export interface ServedPod {
  readonly filled_seconds: number;
  readonly ads: readonly ServedAd[];
  /** Each may be shown in place of any ad that fails; they have no second of their own. */
  readonly backups: readonly Omit<ServedAd, 'start_seconds'>[];
  /** Called where there is no ad. */
  readonly errorUrls?: readonly string[];
}

/** A pod and where in what is watched it stands; -1: at its end, wherever that is. */
export interface ServedBreak {
  readonly atSeconds: number;
  readonly pod: ServedPod;
  /** By event of the break; absent: nothing is told of it. */
  readonly tracking?: Readonly<Record<string, readonly string[]>>;
}
