import type { ScopedIdentity } from '../../domain/request.ts';
import type { WithIds } from '../../schemas/quick-write.ts';
import type {
  AdRequest,
  Candidate,
  FallenCampaign,
  Fallout,
  RequestContext,
  ServedAd,
  TrackingToken,
} from '../../schemas/records.ts';
import type { Ask } from '../asking/ask.ts';
import { backupsOf, type Decision, type Held, outcomesOf, podOf } from '../decision.ts';
import { cappedBy } from '../holding/reserver.ts';
import { limits } from '../limits.ts';
import type { NoFillReason, Reason } from '../reasons.ts';
import { predictedOf } from '../steps/score.ts';

/** The ids and times that a decision gives to its beacons. */
export interface TokenLives {
  readonly clickTokenLifeMs: number;
}

/** The log's record of a decision. */
export function recordOf(decision: Decision, arrivalId: string, noFill: NoFillReason | null): AdRequest {
  const { ask } = decision;
  const pod = podOf(decision);
  const { rules } = ask;
  return {
    arrival_id: arrivalId,
    request_id: ask.requestId,
    received_at: ask.receivedAt,
    viewer: ask.viewer.viewer,
    dialect: ask.dialect,
    context: contextOf(ask),
    identities: ask.viewer.identities,
    session: ask.viewer.session,
    break_index: ask.breakIndex,
    requested_seconds: rules.durationSeconds,
    min_ads: rules.minAds,
    max_ads: rules.maxAds,
    objective: rules.objective,
    min_separation_seconds: rules.minSeparationSeconds,
    separation: rules.separation,
    allow_duplicate_advertisers: rules.allowDuplicateAdvertisers,
    features: [...decision.treatment.features],
    ads: pod.map(({ held, startSeconds }, index) => servedAd(decision, held, index + 1, startSeconds)),
    candidates: candidatesOf(decision),
    fallouts: falloutsOf(decision),
    no_fill_reason: noFill,
    filled_seconds: decision.solution?.filledSeconds ?? 0,
    proof: proofOf(decision),
    timings_us: decision.timingsUs,
    break_offset_ms: ask.breakOffsetMs,
    separation_scope: rules.separationScope ?? 'pod',
    exact_duration: rules.exactDuration,
    allowed_durations: rules.allowedDurations ?? [],
    pod: ask.podId,
    break_id: ask.breakId,
    backups: backupsOf(decision).map((held) => servedAd(decision, held, 0, 0)),
    experiments: decision.treatment.arms,
    fallen: fallenOf(decision),
    catalog: decision.mark,
    caller: ask.caller,
    invalid: ask.invalid,
    consent: ask.consent,
  };
}

/** Why the pod is empty; null: it is not. */
export function noFillReason(decision: Decision): NoFillReason | null {
  if (podOf(decision).length > 0) return null;
  if (decision.catalog.length === 0) return 'no_campaigns';
  if (decision.entrants.some((entrant) => entrant.runners.some((runner) => runner.struck === 'lost'))) {
    return 'no_pod_fits';
  }
  const reasons = new Set(
    decision.entrants.flatMap(({ fellOut, runners }) => [fellOut, ...runners.map(({ struck }) => struck)]),
  );
  if (reasons.has('store_unavailable')) return 'store_unavailable';
  return reasons.has('store_catching_up') ? 'store_catching_up' : 'no_eligible_campaigns';
}

/** The facts that travel in an ad's tracking URLs. */
export function tokenOf(decision: Decision, held: Held, position: number, lives: TokenLives): TrackingToken {
  const { ask, partition, expiresAt } = decision;
  const { campaign } = held.runner.entrant;
  const { creative } = held.runner;
  return {
    partition,
    viewer: ask.viewer.viewer,
    request_id: ask.requestId,
    reservation: held.wanted.place.reservation,
    campaign: campaign.id,
    creative: creative.id,
    advertiser: campaign.advertiserId,
    position,
    duration_seconds: creative.durationSeconds,
    pricing_model: campaign.pricing.model,
    price_micros: campaign.pricing.priceMicros,
    minute: ask.minute,
    expires_at: expiresAt,
    click_expires_at: (ask.minute + 1) * 60_000 + lives.clickTokenLifeMs,
    identities: reservedAt(decision, held),
    country: ask.context.country,
    device_type: ask.context.deviceType,
    click_through: creative.clickThrough,
  };
}

function servedAd(decision: Decision, held: Held, position: number, startSeconds: number): ServedAd {
  const { campaign, seldom } = held.runner.entrant.facts;
  const { categories, ancestors, forLife } = seldom;
  const predicted = predictedOf(held.runner, decision, position);
  return {
    reservation: held.wanted.place.reservation,
    campaign: campaign.id,
    creative: held.runner.creative.id,
    advertiser: campaign.advertiserId,
    position,
    start_seconds: startSeconds,
    duration_seconds: held.runner.creative.durationSeconds,
    categories,
    pricing_model: campaign.pricing.model,
    price_micros: campaign.pricing.priceMicros,
    minute: decision.ask.minute,
    expires_at: decision.expiresAt,
    capped_by: reservedAt(decision, held),
    house: campaign.tier === 'house',
    for_life: forLife,
    ancestors,
    predicted_ctr_ppm: predicted?.ctrPpm ?? null,
    predicted_completion_ppm: predicted?.completionPpm ?? null,
  };
}

/** Where an ad's place is reserved: its beacons are told there. */
function reservedAt({ seen, stream }: Decision, { runner, inStream }: Held): readonly ScopedIdentity[] {
  const identities = cappedBy(seen ?? [], runner.facts.caps);
  return inStream && stream ? [...identities, { scope: 'stream', hash: stream.hash }] : identities;
}

function candidatesOf(decision: Decision): readonly Candidate[] {
  const outcomeOf = outcomesOf(decision);
  const candidates: (Candidate & WithIds)[] = [];
  for (const entrant of decision.entrants) {
    for (const runner of entrant.runners) {
      if (!runner.worth) continue;
      const { valueMicros, muPpm, scoreMicros, signals } = runner.worth;
      candidates.push({
        campaign: entrant.facts.id,
        creative: runner.facts.id,
        duration_seconds: runner.facts.durationSeconds,
        value_micros: valueMicros,
        mu_ppm: muPpm,
        score_micros: scoreMicros,
        pacing_signal: signals.pacing?.version ?? null,
        score_signal: signals.score?.version ?? null,
        outcome: outcomeOf(runner),
        ids: runner.facts.ids,
      });
    }
  }
  return candidates;
}

/** Campaigns that fell out before they became candidates, counted by reason. */
export function falloutsOf(decision: Decision): readonly Fallout[] {
  const counts = new Map<Reason, number>(decision.notEntered);
  for (const { fellOut } of decision.entrants) if (fellOut) counts.set(fellOut, (counts.get(fellOut) ?? 0) + 1);
  return [...counts].map(([reason, campaigns]) => ({ reason, campaigns }));
}

/** Who is in none of the lists of a record did not enter: the plain matcher can say again why, from the context. */
function fallenOf({ entrants }: Decision): readonly FallenCampaign[] {
  const fallen: FallenCampaign[] = [];
  for (const { campaign, fellOut, detail } of entrants) {
    if (fellOut !== null) fallen.push({ campaign: campaign.id, reason: fellOut, detail });
    if (fallen.length === limits.fallenNamed) break;
  }
  return fallen;
}

function proofOf({ solution, conflictsRejected }: Decision): AdRequest['proof'] {
  if (!solution) return { value: 0, bound: 0, nodes: 0, exact: true, conflicts_rejected: 0 };
  const { value, bound, nodes, exact } = solution;
  return {
    value: Math.round(value),
    bound: Math.round(bound),
    nodes,
    exact,
    conflicts_rejected: conflictsRejected,
  };
}

function contextOf({ context, ipTruncated, userAgentClass }: Ask): RequestContext {
  return {
    country: context.country,
    region: context.region,
    city: context.city,
    dma: context.dma,
    device_type: context.deviceType,
    os: context.os,
    brand: context.brand,
    content_category: context.contentCategory,
    content_genre: context.contentGenre,
    content_rating: context.contentRating,
    age: context.age,
    gender: context.gender,
    household_income: context.householdIncome,
    time_zone: context.timeZone,
    ip_truncated: ipTruncated,
    user_agent_class: userAgentClass,
    more: context.more,
    other_categories: context.otherCategories,
  };
}
