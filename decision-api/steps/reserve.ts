import { dayOf } from '../../domain/zone.ts';
import { type DecidingParts, type Decision, type Held, podOf, type Runner, racing } from '../decision.ts';
import { moneyReasons, type Reason } from '../reasons.ts';

/**
 * Spends money and takes places for what the pod adds to what is held already. Answers whether all of it is held; what was
 * refused is struck, so that the next pod is solved without it.
 */
export async function reserve(decision: Decision, parts: DecidingParts): Promise<boolean> {
  const wanted = (decision.solution?.ads ?? []).filter(({ candidate }) => !decision.held.has(candidate.creativeId));
  const runners = wanted.map(({ candidate }) => runnerOf(decision, candidate.creativeId));
  const paid = await pay(
    runners.map((runner) => hold(runner, decision, parts)),
    decision,
    parts,
  );
  const refused = await parts.reserver.reserve(
    decision.seen ?? [],
    paid.map((held) => held.wanted),
    parts.watermarks,
  );
  for (const held of paid) {
    const reason = refused.get(held.wanted.place.reservation);
    if (reason === undefined) decision.held.set(held.runner.creative.id, held);
    else {
      parts.purse.unspend(held.spending);
      held.runner.struck = reason;
    }
  }
  return runners.every((runner) => decision.held.has(runner.creative.id));
}

/** Gives up what is held: everything, or what the pod does not need after all. */
export async function giveUp(decision: Decision, parts: DecidingParts, which: 'all' | 'unused'): Promise<void> {
  const kept = new Set(which === 'all' ? [] : podOf(decision).map(({ held }) => held));
  const given = [...decision.held.values()].filter((held) => !kept.has(held));
  for (const held of given) {
    decision.held.delete(held.runner.creative.id);
    parts.purse.unspend(held.spending);
  }
  await parts.reserver.release(
    decision.seen ?? [],
    given.map((held) => held.wanted),
  );
}

async function pay(holds: readonly Held[], decision: Decision, parts: DecidingParts): Promise<readonly Held[]> {
  const refusals = await Promise.all(holds.map((held) => parts.purse.spend(held.spending)));
  for (const [index, held] of holds.entries()) {
    const reason = refusals[index];
    if (reason) strikeForMoney(held.runner, reason, decision);
  }
  return holds.filter((_, index) => refusals[index] === null);
}

/** A campaign without money has none for its other creatives either. */
function strikeForMoney(runner: Runner, reason: Reason, decision: Decision): void {
  runner.struck = reason;
  if (!moneyReasons.has(reason)) return;
  for (const other of runner.entrant.runners) {
    if (!decision.held.has(other.creative.id)) other.struck ??= reason;
  }
}

function hold(runner: Runner, { ask, partition, expiresAt }: Decision, parts: DecidingParts): Held {
  const { campaign } = runner.entrant;
  return {
    runner,
    wanted: {
      place: {
        reservation: parts.uuid(),
        campaignId: campaign.id,
        creativeId: runner.creative.id,
        partition,
        expiresAt,
      },
      caps: runner.caps,
    },
    spending: { campaign, minute: ask.minute, day: dayOf(ask.receivedAt, campaign.timeZone) },
  };
}

function runnerOf(decision: Decision, creativeId: string): Runner {
  const runner = racing(decision).find((each) => each.creative.id === creativeId);
  if (!runner) throw new Error(`the pod holds ${creativeId}, which is not in the race`);
  return runner;
}
