import { dayOf } from '../../domain/zone.ts';
import {
  backupsOf,
  chosenBy,
  type DecidingParts,
  type Decision,
  type Held,
  podOf,
  type Runner,
  racing,
} from '../decision.ts';
import { moneyReasons, type Reason } from '../reasons.ts';

/**
 * Spends money and takes places, side by side, for what the pod adds to what is held already. Answers whether all of it is
 * held; what was refused is struck, so that the next pod is solved without it.
 */
export async function reserve(decision: Decision, parts: DecidingParts): Promise<boolean> {
  const wanted = chosenBy(decision).filter(({ creativeId }) => !decision.held.has(creativeId));
  const holds = wanted.map(({ creativeId }) => hold(runnerOf(decision, creativeId), decision, parts));
  const [unpaid, unplaced] = await Promise.all([
    Promise.all(holds.map((held) => parts.purse.spend(held.spending))),
    parts.reserver.reserve(
      decision.seen ?? [],
      holds.map((held) => held.wanted),
      parts.watermarks,
    ),
  ]);
  const half: Held[] = [];
  for (const [index, held] of holds.entries()) {
    const money = unpaid[index] ?? null;
    const place = unplaced.get(held.wanted.place.reservation) ?? null;
    if (money === null && place === null) decision.held.set(held.runner.creative.id, held);
    if (money === null && place !== null) parts.purse.unspend(held.spending);
    if (money !== null && place === null) half.push(held);
    if (money !== null) strikeForMoney(held.runner, money, decision);
    else if (place !== null) held.runner.struck = place;
  }
  await release(half, decision, parts);
  return holds.every((held) => decision.held.has(held.runner.creative.id));
}

/** Gives up what is held: everything, or what the pod does not need after all. */
export async function giveUp(decision: Decision, parts: DecidingParts, which: 'all' | 'unused'): Promise<void> {
  const used = [...podOf(decision).map(({ held }) => held), ...backupsOf(decision)];
  const kept = new Set(which === 'all' ? [] : used);
  const given = [...decision.held.values()].filter((held) => !kept.has(held));
  for (const held of given) {
    decision.held.delete(held.runner.creative.id);
    parts.purse.unspend(held.spending);
  }
  await release(given, decision, parts);
}

function release(helds: readonly Held[], decision: Decision, parts: DecidingParts): Promise<void> {
  return parts.reserver.release(
    decision.seen ?? [],
    helds.map((held) => held.wanted),
  );
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
      campaignCaps: campaign.caps,
    },
    spending: { campaign, minute: ask.minute, day: dayOf(ask.receivedAt, campaign.timeZone) },
  };
}

function runnerOf(decision: Decision, creativeId: string): Runner {
  const runner = racing(decision).find((each) => each.creative.id === creativeId);
  if (!runner) throw new Error(`the pod holds ${creativeId}, which is not in the race`);
  return runner;
}
