import { podMaxOf } from '../../domain/frequency/cap-set.ts';
import type { PodCandidate } from '../../domain/pods/pod.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import { type Decision, type Runner, racing } from '../decision.ts';

/** The best pod of the creatives still in the race. */
export function solve(decision: Decision): void {
  const first = decision.solution === null;
  decision.solution = solvePod(racing(decision).map(asCandidate), decision.ask.rules);
  if (first) decision.conflictsRejected = decision.solution.conflicts;
}

function asCandidate({ entrant: { campaign }, creative, worth }: Runner): PodCandidate {
  return {
    campaignId: campaign.id,
    creativeId: creative.id,
    advertiserId: campaign.advertiserId,
    mediaUrl: creative.media[0]?.url ?? creative.id,
    durationSeconds: creative.durationSeconds,
    categories: campaign.categories,
    scoreMicros: worth?.scoreMicros ?? 1,
    qualityCenti: worth?.qualityCenti ?? 0,
    tier: campaign.tier,
    place: creative.place ?? campaign.place ?? null,
    podMax: podMaxOf(campaign.caps),
  };
}
