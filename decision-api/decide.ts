import type { Clock } from '../engines/clock.ts';
import { chosenBy, type DecidingParts, type Decision, racing, runnerOf } from './decision.ts';
import { limits } from './limits.ts';
import { match } from './steps/match.ts';
import { pace } from './steps/pace.ts';
import { giveUp, reserve } from './steps/reserve.ts';
import { score } from './steps/score.ts';
import { solve } from './steps/solve.ts';

/**
 * Decides a pod: match, pace, score, solve, reserve. Each step says why a campaign falls out; explain and the log read it
 * from the decision. `read` is the identities' records on their way: they arrive while matching runs, and may say that
 * this request was decided before: then it stops there.
 */
export async function decide(
  decision: Decision,
  read: Promise<'decide' | 'stop'>,
  parts: DecidingParts,
  clock: Clock,
): Promise<void> {
  const timed = stopwatch(decision, clock);
  await timed('match', () => match(decision, parts));
  if ((await timed('read', () => read)) === 'stop') return;
  await timed('pace', () => pace(decision, parts));
  await timed('score', () => score(decision, parts));
  for (let round = 1; ; round++) {
    // Money and places ran out under our hands too often: what is held already needs nobody's leave.
    if (round > limits.rounds) strikeUnheld(decision);
    await timed('solve', () => solve(decision));
    if (await timed('reserve', () => reserve(decision, parts))) break;
  }
  await timed('give_up', () => giveUp(decision, parts, 'unused'));
  strikeLosers(decision);
}

/** Said of each, so that the log's pod is the best of what the log says was left. */
function strikeUnheld(decision: Decision): void {
  for (const runner of racing(decision)) if (!decision.held.has(runner.creative.id)) runner.struck = 'out_of_rounds';
}

function strikeLosers(decision: Decision): void {
  const served = chosenBy(decision).map(runnerOf);
  for (const { runners } of decision.entrants) {
    for (const runner of runners) if (runner.struck === null && !served.includes(runner)) runner.struck = 'lost';
  }
}

function stopwatch({ timingsUs }: Decision, clock: Clock) {
  return async <T>(step: string, run: () => T | Promise<T>): Promise<T> => {
    const began = clock.ticks();
    const result = await run();
    timingsUs[step] = (timingsUs[step] ?? 0) + Math.round(clock.ticks() - began);
    return result;
  };
}
