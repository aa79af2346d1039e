import { placeOf } from '../../domain/campaign.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import type { Contender, Decision, Runner } from '../decision.ts';
import { limits } from '../limits.ts';

/** The best pod of the creatives still in the race. */
export function solve(decision: Decision): void {
  const first = decision.solution === null;
  const contenders: Contender[] = [];
  for (const { runners } of decision.entrants) {
    for (const runner of runners) {
      if (runner.struck !== null) continue;
      runner.candidate ??= asContender(runner);
      contenders.push(runner.candidate);
    }
  }
  decision.solution = solvePod(contenders, decision.ask.rules);
  if (first) decision.conflictsRejected = decision.solution.conflicts;
}

function asContender(runner: Runner): Contender {
  const { entrant, creative, facts, worth } = runner;
  const { campaign } = entrant;
  return {
    campaignId: campaign.id,
    creativeId: creative.id,
    advertiserId: campaign.advertiserId,
    mediaUrls: facts.mediaUrls,
    durationSeconds: creative.durationSeconds,
    categories: campaign.categories,
    scoreMicros: Math.min(worth?.scoreMicros ?? 1, limits.scoreMicrosMax),
    qualityCenti: worth?.qualityCenti ?? 0,
    tier: campaign.tier,
    place: placeOf(creative, campaign),
    podMax: entrant.facts.podMax,
    memo: facts.memo,
    runner,
  };
}
