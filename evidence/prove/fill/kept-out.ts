import type { Tier } from '../../../domain/campaign.ts';
import type { PodCandidate, PodRules } from '../../../domain/pods/pod.ts';
import { solvePod } from '../../../domain/pods/solver.ts';
import type { CandidateFact, SeedCampaign } from '../../audit/facts.ts';
import type { FullRequest } from './rules.ts';

type Seed = ReadonlyMap<string, SeedCampaign>;

/**
 * Whether competitors kept each other out of a pod: without separation, the same candidates make a pod that is worth more. Only of
 * pods that are to be worth most: what else a pod may be worth is not in the record.
 */
export function keptCompetitorsOut(request: FullRequest, seed: Seed): boolean {
  if (!request.separation || request.objective !== 'revenue') return false;
  const candidates = request.candidates
    .filter(({ outcome }) => ['won', 'lost', 'backup'].includes(outcome))
    .map((candidate) => candidateOf(candidate, seed));
  const rules: PodRules = {
    durationSeconds: request.requested_seconds,
    exactDuration: request.exact_duration,
    allowedDurations: request.allowed_durations.length === 0 ? null : request.allowed_durations,
    minAds: request.min_ads,
    maxAds: request.max_ads,
    objective: 'revenue',
    separation: true,
    minSeparationSeconds: request.min_separation_seconds,
    allowDuplicateAdvertisers: request.allow_duplicate_advertisers,
    backupAds: 0,
    nodeLimit: 20_000,
  };
  return solvePod(candidates, { ...rules, separation: false }).value > solvePod(candidates, rules).value;
}

/** In these catalogs no ad wants a place, and no campaign is capped in a pod. */
function candidateOf(fact: CandidateFact, seed: Seed): PodCandidate {
  const campaign = seed.get(fact.campaign);
  const creative = campaign?.creatives.find(({ id }) => id === fact.creative);
  return {
    campaignId: fact.campaign,
    creativeId: fact.creative,
    advertiserId: campaign?.advertiserId ?? '',
    mediaUrls: creative?.media.map(({ url }) => url) ?? [],
    durationSeconds: fact.duration_seconds,
    categories: (campaign?.categories ?? []).map(({ id, ancestors }) => ({ id, name: id, ancestors })),
    scoreMicros: fact.score_micros,
    qualityCenti: 0,
    tier: (campaign?.tier ?? 'standard') as Tier,
    place: null,
    podMax: null,
  };
}
