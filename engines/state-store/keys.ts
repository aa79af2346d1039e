/** The names of everything in the state store, in one place. */
export const keys = {
  /** FrequencyRecord of one identity. */
  frequency: (scope: string, hash: string) => `f:${scope}:${hash}`,
  /** StreamRecord of one stream. */
  stream: (hash: string) => `t:${hash}`,
  /** MoneyRecord of one campaign. */
  money: (campaignId: string) => `m:${campaignId}`,
  /** HeadRecord of one group and partition. */
  head: (group: string, topic: string, partition: number) => `h:${group}:${topic}:${partition}`,
  /** MarksRecord of one group and partition. */
  marks: (group: string, topic: string, partition: number) => `w:${group}:${topic}:${partition}`,
  /** JournalsRecord of one group and partition of requests. */
  journals: (group: string, partition: number) => `j:${group}:${partition}`,
  /** SumsRecord of what the requests of one partition served in a minute; written while a store is caught up. */
  served: (partition: number, minute: number) => `v:${partition}:${minute}`,
  /** SumsRecord of one partition and decision minute. */
  sums: (partition: number, minute: number) => `s:${partition}:${minute}`,
  /** ScoreRecord of one partition. */
  scores: (partition: number) => `r:${partition}`,
  /** ContextRecord. */
  contexts: 'x:contexts',
  /** OpenMinutesRecord of one partition. */
  openMinutes: (partition: number) => `o:${partition}`,
  /** SignalStateRecord of one campaign. */
  signal: (kind: 'PACING' | 'SCORE', campaignId: string) => `g:${kind}:${campaignId}`,
  /** The answer kept for a repeated request_id. */
  answer: (requestHash: string) => `q:${requestHash}`,
  /** A word: whether a bid request's kept answer was told to a repetition of it, or given back. */
  bidFate: (bidRequestHash: string) => `u:${bidRequestHash}`,
  /** 8 bytes: every decision minute up to it is closed for every campaign. */
  closed: 'c:closed',
  /** 8 bytes: the longest token life (ms) that any instance has used. Minutes stay open and claims are kept that long. */
  tokenLife: 'c:token-life',
  /** OpenMinutesRecord: decision minutes of one partition that have a claim bucket of the group. */
  claimed: (group: string, partition: number) => `b:${group}:${partition}`,
  /** Claim bucket of one group, partition and decision minute. */
  claims: (group: string, partition: number, minute: number) => `k:${group}:${partition}:${minute}`,
} as const;

/** The longest window (31 days) and a week: what a store's own expiry sweeps, never what a rule relies on. */
export const BROOM_MS = 38 * 24 * 3_600_000;

/** A money record outlives every pause of its campaign: forgetting it would give the budget out again. */
export const MONEY_KEPT_MS = 10 * 365 * 24 * 3_600_000;

export function encodeTokenLife(lifeMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(lifeMs));
  return bytes;
}

/** 0 where none has been noted. */
export function decodeTokenLife(bytes: Buffer | null | undefined): number {
  return bytes && bytes.length >= 8 ? Number(bytes.readBigInt64BE(0)) : 0;
}
