import { apartOf, type StreamAd, type WantedInStream } from '../../domain/separation-stream.ts';
import { dayOf } from '../../domain/zone.ts';
import {
  backupsOf,
  chosenBy,
  type DecidingParts,
  type Decision,
  type Held,
  podOf,
  type Runner,
  runnerOf,
  strikesCampaign,
} from '../decision.ts';
import type { Reason } from '../reasons.ts';

/**
 * Spends money and takes places, side by side, for what the pod adds to what is held already. Answers whether all of it is
 * held; what was refused is struck, so that the next pod is solved without it. In a stream the whole pod is placed anew: what is
 * held may have moved to another second, and may be refused there.
 */
export async function reserve(decision: Decision, parts: DecidingParts): Promise<boolean> {
  const wanted = chosenBy(decision).filter(({ creativeId }) => !decision.held.has(creativeId));
  const holds = wanted.map((candidate) => hold(runnerOf(candidate), decision, parts));
  const [unpaid, unplaced, unstreamed] = await Promise.all([
    Promise.all(holds.map((held) => parts.purse.spend(held.spending))),
    parts.reserver.reserve(
      decision.seen ?? [],
      holds.map((held) => held.wanted),
      parts.watermarks,
    ),
    placeInStream(decision, holds, parts),
  ]);
  const half: Held[] = [];
  const refused: (readonly [Runner, Reason])[] = [];
  for (const [index, held] of holds.entries()) {
    const money = unpaid[index] ?? null;
    const { reservation } = held.wanted.place;
    const place = unplaced.get(reservation) ?? unstreamed.get(reservation) ?? null;
    if (money === null && place === null) decision.held.set(held.runner.creative.id, held);
    if (money === null && place !== null) parts.purse.unspend(held.spending);
    // What an identity refused, the others have given up already.
    if (!unplaced.has(reservation) && (money !== null || place !== null)) half.push(held);
    const reason = money ?? place;
    if (reason !== null) refused.push([held.runner, reason]);
  }
  for (const [runner, reason] of refused) strike(runner, reason, decision);
  const moved = loseMoved(decision, unstreamed, parts);
  // In the stream the next pod takes the place of this one.
  await release([...half, ...moved], decision, parts);
  return moved.length === 0 && holds.every((held) => decision.held.has(held.runner.creative.id));
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
  const { stream, streamed } = decision;
  if (which === 'unused' && given.length === 0) return;
  const ofStream = which === 'all' && stream !== null ? parts.streams.release(stream, [...streamed]) : null;
  await Promise.all([release(given, decision, parts), ofStream]);
}

/** What was held and has no place in the stream where the new pod puts it. */
function loseMoved(decision: Decision, unstreamed: ReadonlyMap<string, Reason>, parts: DecidingParts): readonly Held[] {
  const moved = [...decision.held.values()].filter((held) => unstreamed.has(held.wanted.place.reservation));
  for (const held of moved) {
    decision.held.delete(held.runner.creative.id);
    parts.purse.unspend(held.spending);
    held.runner.struck = unstreamed.get(held.wanted.place.reservation) ?? null;
  }
  return moved;
}

/** Places the pod's ads in the stream as they stand now. By reservation, what was refused. */
async function placeInStream(
  decision: Decision,
  fresh: readonly Held[],
  { streams, watermarks }: DecidingParts,
): Promise<ReadonlyMap<string, Reason>> {
  const { solution, stream, streamed } = decision;
  if (stream === null || solution === null) return new Map();
  const byCreative = new Map([...decision.held.values(), ...fresh].map((held) => [held.runner.creative.id, held]));
  const { filledSeconds } = solution;
  const spans = [
    ...solution.ads.map(({ candidate, startSeconds: from }) => ({
      candidate,
      from,
      to: from + candidate.durationSeconds,
    })),
    // A spare may play in the place of any.
    ...solution.backups.map((candidate) => ({ candidate, from: 0, to: filledSeconds })),
  ];
  const wanted: WantedInStream[] = [];
  for (const { candidate, from, to } of spans) {
    const held = byCreative.get(candidate.creativeId);
    if (held?.inStream) wanted.push(inStream(held, { from, to, podSeconds: filledSeconds }, decision));
  }
  const refused = await streams.reserve(stream, wanted, streamed, watermarks);
  for (const { ad } of wanted) streamed.add(ad.place.reservation);
  return refused;
}

function inStream(
  { runner, wanted: { place } }: Held,
  { from, to, podSeconds }: { readonly from: number; readonly to: number; readonly podSeconds: number },
  { ask }: Decision,
): WantedInStream {
  const { campaign, seldom } = runner.entrant.facts;
  const { categories, ancestors, streamCaps } = seldom;
  const ad: StreamAd = {
    place,
    advertiserId: campaign.advertiserId,
    categories,
    ancestors,
    apartSeconds: apartOf(ask.rules),
    at: {
      breakIndex: ask.breakIndex,
      breakOffsetMs: ask.breakOffsetMs,
      startMs: from * 1000,
      endMs: to * 1000,
      podMs: podSeconds * 1000,
    },
  };
  return { ad, caps: streamCaps };
}

function release(helds: readonly Held[], decision: Decision, parts: DecidingParts): Promise<void> {
  return parts.reserver.release(
    decision.seen ?? [],
    helds.map((held) => held.wanted),
  );
}

/** A campaign that has no money or no place has none for its other creatives either. */
function strike(runner: Runner, reason: Reason, decision: Decision): void {
  runner.struck = reason;
  if (!strikesCampaign(runner)) return;
  for (const other of runner.entrant.runners) {
    if (!decision.held.has(other.creative.id)) other.struck ??= reason;
  }
}

/** Its money or its place may be refused. */
export function needsLeave({ entrant, facts }: Runner, { stream }: Decision): boolean {
  const { needsMoney, competes, streamed } = entrant.facts;
  if (needsMoney || facts.caps.some(({ scope }) => scope !== 'pod')) return true;
  return stream !== null && (competes || streamed);
}

function hold(runner: Runner, { ask, partition, expiresAt, stream }: Decision, parts: DecidingParts): Held {
  const { campaign, competes, streamed, needsMoney } = runner.entrant.facts;
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
      caps: runner.facts.caps,
      campaignCaps: campaign.caps,
    },
    // The day is asked for with the money alone.
    spending: { campaign, minute: ask.minute, day: needsMoney ? dayOf(ask.receivedAt, campaign.timeZone) : '' },
    // An ad that competes with nobody and that no cap counts there is in no record of a stream.
    inStream: stream !== null && (competes || streamed),
  };
}
