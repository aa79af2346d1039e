import { conflict } from '../domain/separation.ts';
import type { Clock } from '../engines/clock.ts';
import { chosenBy, type DecidingParts, type Decision, racing, runnerOf } from './decision.ts';
import { limits } from './limits.ts';
import { match } from './steps/match.ts';
import { pace } from './steps/pace.ts';
import { giveUp, needsLeave, reserve } from './steps/reserve.ts';
import { letIn, rotate } from './steps/rotate.ts';
import { score } from './steps/score.ts';
import { solve } from './steps/solve.ts';

/**
 * Decides a pod: match, pace, rotate, score, solve, reserve. Each step says why a campaign falls out; explain and the log read it
 * from the decision. `read` is the identities' records on their way: they arrive while matching runs, and may say that
 * this request was decided before: then it stops there.
 */
export async function decide(
  decision: Decision,
  read: Promise<'decide' | 'stop'>,
  parts: DecidingParts,
  clock: Clock,
): Promise<void> {
  const done = stopwatch(decision, clock);
  match(decision, parts);
  done('match');
  const known = await read;
  done('read');
  if (known === 'stop') return;
  pace(decision, parts);
  done('pace');
  rotate(decision, parts);
  score(decision, parts);
  done('score');
  for (let round = 1; ; round++) {
    if (round > limits.rounds && (round > 2 * limits.rounds || !strikeCompetitors(decision))) strikeUnheld(decision);
    solve(decision);
    done('solve');
    const isHeld = await reserve(decision, parts);
    done('reserve');
    if (isHeld) break;
    if (round < limits.rounds && letIn(decision)) score(decision, parts);
  }
  await giveUp(decision, parts, 'unused');
  done('give_up');
  strikeLosers(decision);
}

/**
 * Whoever competes with what the stream kept out is likely to be kept out too, one a round: without them, the others are worth more
 * rounds. Answers whether the stream kept anybody out.
 */
function strikeCompetitors(decision: Decision): boolean {
  const kept = decision.entrants.filter(({ runners }) =>
    runners.some(({ struck, candidate }) => struck === 'separated' && candidate !== null),
  );
  for (const runner of racing(decision)) {
    const { categories } = runner.entrant.campaign;
    if (decision.held.has(runner.creative.id)) continue;
    if (kept.some(({ campaign }) => conflict(campaign.categories, categories))) runner.struck = 'out_of_rounds';
  }
  return kept.length > 0;
}

/**
 * Money and places ran out under our hands too often: what is held already, and what has no limit, needs nobody's leave. Said of
 * each, so that the log's pod is the best of what the log says was left.
 */
function strikeUnheld(decision: Decision): void {
  for (const runner of racing(decision)) {
    if (!decision.held.has(runner.creative.id) && needsLeave(runner, decision)) runner.struck = 'out_of_rounds';
  }
}

function strikeLosers(decision: Decision): void {
  const served = chosenBy(decision).map(runnerOf);
  for (const { runners } of decision.entrants) {
    for (const runner of runners) if (runner.struck === null && !served.includes(runner)) runner.struck = 'lost';
  }
}

/** Says of each step, once it is done, how long it took. */
function stopwatch({ timingsUs }: Decision, clock: Clock) {
  let began = clock.ticks();
  return (step: string): void => {
    const now = clock.ticks();
    timingsUs[step] = (timingsUs[step] ?? 0) + now - began;
    began = now;
  };
}
