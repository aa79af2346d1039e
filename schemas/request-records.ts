/** TypeScript shapes of ad-request.avsc; see records.ts. */

export interface RequestContext {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly dma: string | null;
  readonly device_type: string | null;
  readonly os: string | null;
  readonly brand: string | null;
  readonly content_category: string | null;
  readonly content_genre: string | null;
  readonly content_rating: string | null;
  readonly age: number | null;
  readonly gender: string | null;
  readonly household_income: number | null;
  readonly time_zone: string | null;
  readonly ip_truncated: string | null;
  /** tv, bot, stitcher, unknown */
  readonly user_agent_class: string;
  /** dimension -> what it read of a field of its own */
  readonly more: Readonly<Record<string, string>>;
  /** of the content, beside content_category */
  readonly other_categories: readonly string[];
}

export interface Identity {
  /** user, device, household, ip, stream */
  readonly scope: string;
  /** HMAC of the identifier, 22 base64url characters */
  readonly hash: string;
}

export interface ServedAd {
  readonly reservation: string;
  readonly campaign: string;
  readonly creative: string;
  readonly advertiser: string;
  /** from 1 */
  readonly position: number;
  /** from the pod's beginning */
  readonly start_seconds: number;
  readonly duration_seconds: number;
  readonly categories: readonly string[];
  /** cpm, cpc, cpv, flat */
  readonly pricing_model: string;
  /** of one billable event */
  readonly price_micros: number;
  /** the decision's minute: epoch minutes */
  readonly minute: number;
  /** epoch ms; a beacon appended later is not billable */
  readonly expires_at: number;
  /** where the place is reserved */
  readonly capped_by: readonly Identity[];
  readonly house: boolean;
  /** a lifetime cap counts it */
  readonly for_life: boolean;
  /** of all its categories */
  readonly ancestors: readonly string[];
  /** clicks per impression expected of it here; null: nothing was said */
  readonly predicted_ctr_ppm: number | null;
  /** completes per start */
  readonly predicted_completion_ppm: number | null;
}

export interface Candidate {
  readonly campaign: string;
  readonly creative: string;
  readonly duration_seconds: number;
  readonly value_micros: number;
  /** shadow price of the budget, parts per million of price */
  readonly mu_ppm: number;
  readonly score_micros: number;
  /** version of the pacing signal used */
  readonly pacing_signal: number | null;
  /** version of the score signal used */
  readonly score_signal: number | null;
  /** won, lost, cap_reached, budget_reached, ... */
  readonly outcome: string;
}

export interface Fallout {
  readonly reason: string;
  readonly campaigns: number;
}

export interface PodProof {
  readonly value: number;
  readonly bound: number;
  readonly nodes: number;
  readonly exact: boolean;
  /** pairs that separation kept apart among the candidates */
  readonly conflicts_rejected: number;
}

export interface ExperimentArm {
  readonly experiment: string;
  readonly arm: string;
}

export interface FallenCampaign {
  readonly campaign: string;
  readonly reason: string;
  readonly detail: string | null;
}

export interface CatalogMark {
  readonly campaigns: number;
  /** over each campaign's id and version: tells whether a catalog put together later is the same */
  readonly sum: number;
}

/** One ad request and what was decided. Topic ad-requests, key viewer. Written once per decision; a repeated request_id ships the same bytes again. */
export interface AdRequest {
  /** ours; tells our own repeated shipping from a caller's repetition */
  readonly arrival_id: string;
  /** the caller's, else made by us */
  readonly request_id: string;
  /** epoch ms, server receipt */
  readonly received_at: number;
  /** partition key: pseudonymous viewer */
  readonly viewer: string;
  /** json, vast, vmap, openrtb, asset-list, v1 */
  readonly dialect: string;
  readonly context: RequestContext;
  readonly identities: readonly Identity[];
  /** HMAC of session.id */
  readonly session: string | null;
  readonly break_index: number | null;
  readonly requested_seconds: number;
  readonly min_ads: number;
  readonly max_ads: number;
  /** revenue, fill_rate, user_experience */
  readonly objective: string;
  /** null: competitors never in one pod */
  readonly min_separation_seconds: number | null;
  /** false: competitors may stand anywhere */
  readonly separation: boolean;
  readonly allow_duplicate_advertisers: boolean;
  /** features on for this viewer: targeting, frequency, pods */
  readonly features: readonly string[];
  readonly ads: readonly ServedAd[];
  readonly candidates: readonly Candidate[];
  /** campaigns that fell out before they became candidates */
  readonly fallouts: readonly Fallout[];
  readonly no_fill_reason: string | null;
  readonly filled_seconds: number;
  readonly proof: PodProof;
  /** step -> microseconds */
  readonly timings_us: Readonly<Record<string, number>>;
  /** where the pod begins in stream time */
  readonly break_offset_ms: number | null;
  /** stream: where min_separation_seconds is null, competitors never in one stream */
  readonly separation_scope: string;
  /** true: filled to the second, or no pod */
  readonly exact_duration: boolean;
  /** lengths that an ad may have; empty: any */
  readonly allowed_durations: readonly number[];
  /** id of the kept pod whose rules were asked for */
  readonly pod: string | null;
  /** the caller's, where one request asked for several pods */
  readonly break_id: string | null;
  /** reserved beside the pod; position 0 */
  readonly backups: readonly ServedAd[];
  /** where this viewer stood in each experiment that ran */
  readonly experiments: readonly ExperimentArm[];
  /** campaigns whose targeting allowed the moment and that fell out all the same; the first 1,000 */
  readonly fallen: readonly FallenCampaign[];
  /** the catalog that the decision saw */
  readonly catalog: CatalogMark;
  /** anonymous, key, network: who called, as far as we know */
  readonly caller: string;
  /** why it is invalid traffic, decided at receipt; null: it is not */
  readonly invalid: string | null;
  /** unstated, given, refused, child: on what ground ids were kept or not */
  readonly consent: string;
}
