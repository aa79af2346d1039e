import { filesOf } from '../../decision-api/catalog/campaign-facts.ts';
import type { Campaign } from '../../domain/campaign.ts';
import { solvePod } from '../../domain/pods/plain-solver.ts';
import type { PodCandidate, PodRules } from '../../domain/pods/pod.ts';
import { priorRates } from '../../domain/scoring/rates.ts';
import { flatValue, score } from '../../domain/scoring/score.ts';
import type { AdRequest, CampaignSignal, Candidate } from '../../schemas/records.ts';

/** Decisions that reached the last solving; what fell out for another reason would fall out again. */
const SOLVED: ReadonlySet<string> = new Set(['won', 'backup', 'lost', 'shadow_price']);

export interface RankReplay {
  /** Requests whose order of creatives differs when no signal had ever come. */
  readonly changed: number;
  readonly replayed: number;
  /** request_ids whose recorded scores do not lead to the recorded order: the replay is not to be trusted then. */
  readonly mismatches: readonly string[];
}

/**
 * Solves every logged request again, once with its recorded scores (which must give what was served) and once with the
 * first signals frozen: no shadow price, prior rates.
 */
export function replayRanks(
  requests: readonly AdRequest[],
  campaigns: readonly Campaign[],
  signals: readonly CampaignSignal[],
  nodeLimit: number,
): RankReplay {
  const byId = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
  const qualities = new Map(
    signals.flatMap((one) => (one.kind === 'SCORE' ? [[`${one.campaign} ${one.version}`, one.quality_centi]] : [])),
  );
  let changed = 0;
  const mismatches: string[] = [];
  for (const request of requests) {
    const rules = rulesOf(request, nodeLimit);
    const served = request.ads.map(({ creative }) => creative).join(' ');
    const order = (frozen: boolean) =>
      solvePod(candidatesOf(request, byId, qualities, frozen), rules)
        .ads.map(({ candidate }) => candidate.creativeId)
        .join(' ');
    if (order(false) !== served) mismatches.push(request.request_id);
    else if (order(true) !== served) changed++;
  }
  return { changed, replayed: requests.length, mismatches };
}

function rulesOf(request: AdRequest, nodeLimit: number): PodRules {
  return {
    durationSeconds: request.requested_seconds,
    exactDuration: request.exact_duration,
    allowedDurations: request.allowed_durations.length === 0 ? null : request.allowed_durations,
    backupAds: 0,
    minAds: request.min_ads,
    maxAds: request.max_ads,
    objective: request.objective as PodRules['objective'],
    separation: request.separation,
    minSeparationSeconds: request.min_separation_seconds,
    allowDuplicateAdvertisers: request.allow_duplicate_advertisers,
    nodeLimit,
  };
}

function candidatesOf(
  request: AdRequest,
  campaigns: ReadonlyMap<string, Campaign>,
  qualities: ReadonlyMap<string, number>,
  frozen: boolean,
): PodCandidate[] {
  return request.candidates.flatMap((recorded) => {
    const campaign = campaigns.get(recorded.campaign);
    const creative = campaign?.creatives.find(({ id }) => id === recorded.creative);
    if (!SOLVED.has(recorded.outcome) || campaign === undefined || creative === undefined) return [];
    const scoreMicros = frozen ? priorScore(campaign) : recorded.score_micros;
    if (scoreMicros < 1) return [];
    return [
      {
        campaignId: campaign.id,
        creativeId: creative.id,
        advertiserId: campaign.advertiserId,
        mediaUrls: filesOf(creative),
        durationSeconds: recorded.duration_seconds,
        categories: campaign.categories,
        scoreMicros,
        qualityCenti: frozen ? priorRates.qualityCenti : qualityOf(recorded, qualities),
        tier: campaign.tier,
        place: creative.place ?? campaign.place ?? null,
        podMax: null,
      },
    ];
  });
}

function priorScore(campaign: Campaign): number {
  return score(campaign.pricing, priorRates, 0, flatValue(campaign), campaign.tier).scoreMicros;
}

function qualityOf(recorded: Candidate, qualities: ReadonlyMap<string, number>): number {
  if (recorded.score_signal === null) return priorRates.qualityCenti;
  return qualities.get(`${recorded.campaign} ${recorded.score_signal}`) ?? priorRates.qualityCenti;
}
