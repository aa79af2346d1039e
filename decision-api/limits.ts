/** Every bound of the decision API, in one place. Times in ms. */
export const limits = {
  bodyBytes: 256 * 1024,
  /** Objects and lists in one another. */
  bodyLevels: 32,
  /** From a connection's first byte to a request's last. */
  requestMs: 8_000,
  connectionsCheckMs: 1_000,
  /** A request that is passed on to management, an upload for instance; and how long management may say nothing. */
  forwardMs: 900_000,
  forwardSilenceMs: 60_000,
  /** Requests under way get this long when we close. */
  closeMs: 1_500,
  /** One call of the state store. */
  engineMs: 500,
  /** One append. Longer than a read: an append that ran out of time may be in the log or not, and nothing can be given back. */
  appendMs: 3_000,
  /** While the log is away, one request in this time tries it. */
  logRetryMs: 250,
  /** Records in one append. */
  appendRecords: 500,
  /** One record in the log. */
  recordBytes: 256 * 1024,
  /** A beacon waits this long for the log; then its place in the journal is enough. */
  beaconWaitMs: 250,
  /** The part of the journal's bound from which it counts as full; the rest is for requests that cost no money. */
  journalFull: 0.9,
  journalBeatMs: 1_000,
  /** When we close, the journal is shipped for this long; the rest is adopted at the next start. */
  journalDrainMs: 2_500,
  feedStopMs: 1_000,
  /** How many partitions there are, at boot; the log is away if it does not answer by then. */
  bootLogMs: 5_000,
  /** How often Postgres is asked for changes while the log is away. */
  catalogPollMs: 5_000,
  watermarksEveryMs: 250,
  purseEveryMs: 1_000,
  /** A refused budget is not asked again for this long. */
  refusalMs: 1_000,
  /** The spending that sizes a take, and how much of it is taken ahead. */
  spendingWindowMs: 30_000,
  takeAheadMs: 2_000,
  takeTries: 5,
  swapTries: 3,
  /** At most this much waiting before a swap is tried again. */
  jitterMs: 8,
  /** Pods solved for one request before what still fits is served; twice as many where a stream keeps competitors apart. */
  rounds: 6,
  nodeLimit: 20_000,
  /** What an impression is worth to the solver at most: with it, sums over the longest pod of 30 ads are whole numbers still. */
  scoreMicrosMax: 50_000_000,
  answerKeptMs: 3_600_000,
  /** Of answers remembered in the process for when the store cannot be asked: about a thousand of the longest pods. */
  answersBytes: 32 * 1024 * 1024,
  /** Bid requests of which this process settled whether they were told or given back. */
  fatesRemembered: 10_000,
  /** Decisions that can be explained from memory. */
  decisionsRemembered: 1_000,
  /** Of their records: a thousand with two hundred candidates each. */
  recordsBytes: 32 * 1024 * 1024,
  /** Campaigns in all the lists that they saw: each change of the catalog makes another list. */
  campaignsRemembered: 2_000_000,
  /** Fallen campaigns that a record names; the rest is counted. */
  fallenNamed: 1_000,
  /** Pods asked for in one request. */
  breaks: 20,
  /** Of a request_id. */
  requestIdChars: 128,
  /** Of the time that an exchange gives, this much at most is left for the way back. */
  bidMarginMs: 30,
  /** No exchange is believed to wait longer for a bid. */
  bidMs: 60_000,
  /** The longest ad for a player that does not say how much time there is. */
  unaskedSeconds: 120,
  /** A part of a snapshot of the catalog. */
  catalogMs: 5_000,
  /** The catalog is written to disk in a part of the time that is one in so many. */
  keepShare: 20,
  /** Unless that is so quick; and it waits no longer than this. */
  keepQuickMs: 100,
  keepWaitMs: 120_000,
  catalogEveryMs: 30_000,
  /** How often the file of places is looked at for a newer one. */
  geoipEveryMs: 5_000,
  /** How often the file of secrets is looked at for newer ones. */
  secretsEveryMs: 1_000,
  /** How often the lists of invalid traffic are looked at for newer ones. */
  listsEveryMs: 5_000,
  /** Budgeted campaigns stop when the catalog was not heard of for this long. */
  catalogStaleMs: 15 * 60_000,
  /** Signals read before the end of each partition at boot, or so many of each campaign; all of them are published again every so often. */
  signalsBacklog: 2_000,
  signalsEach: 6,
  /** An instance whose clock differs more from the log's is not ready. */
  clockSkewMs: 30_000,
  beaconsInBatch: 100,
  /** How old a conversion may be that is told, and how far its sender's clock ahead. */
  conversionAgeMs: 400 * 86_400_000,
  conversionAheadMs: 86_400_000,
  cachebusterChars: 64,
} as const;
