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
  const { facts, worth } = runner;
  const { id, tier, podMax } = runner.entrant.facts;
  return {
    campaignId: id,
    creativeId: facts.id,
    advertiserId: facts.advertiserId,
    mediaUrls: facts.mediaUrls,
    durationSeconds: facts.durationSeconds,
    categories: facts.categories,
    scoreMicros: Math.min(worth?.scoreMicros ?? 1, limits.scoreMicrosMax),
    qualityCenti: worth?.qualityCenti ?? 0,
    tier,
    place: facts.place,
    podMax,
    memo: facts,
    runner,
  };
}
