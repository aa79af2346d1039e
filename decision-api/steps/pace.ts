import type { Campaign, Creative, FrequencyCap } from '../../domain/campaign.ts';
import { apartOf, fitsNowhere, flatten } from '../../domain/separation-stream.ts';
import type { DecidingParts, Decision, Entrant, Runner } from '../decision.ts';
import { needsMoney } from '../purse.ts';
import type { Reason } from '../reasons.ts';
import { usedOf } from '../reserver.ts';

/** Flight, status, and what campaign and viewer have left: places under caps, money in hand. */
export function pace(decision: Decision, parts: DecidingParts): void {
  for (const entrant of decision.entrants) {
    if (entrant.fellOut !== null) continue;
    const reason = campaignReason(entrant.campaign, decision, parts);
    if (reason) fallOut(entrant, reason, null);
    else paceRunners(entrant, decision, parts);
  }
}

function campaignReason(campaign: Campaign, decision: Decision, parts: DecidingParts): Reason | null {
  const { ask } = decision;
  if (campaign.status !== 'active') return 'not_active';
  if (ask.receivedAt < campaign.startsAt) return 'not_started';
  if (ask.receivedAt >= campaign.endsAt) return 'ended';
  const needsStore = needsMoney(campaign) || isCounted(campaign) || isSeparated(campaign, ask);
  if (needsStore && decision.seen === null) return 'store_unavailable';
  if (needsStore && !isTrusted(campaign, decision, parts)) return 'store_catching_up';
  if (needsMoney(campaign) && decision.catalogStale) return 'catalog_stale';
  if (needsMoney(campaign) && decision.journalFull) return 'journal_full';
  return parts.purse.refusal(campaign, ask.minute);
}

/** The shards that hold the viewer's records remember all of it; money is asked for at its own shard, when it is spent. */
function isTrusted(campaign: Campaign, { ask, seen, stream }: Decision, { watermarks }: DecidingParts): boolean {
  if (!watermarks.trustsAny) return false;
  const needsStream = isSeparated(campaign, ask) || campaign.caps.some(({ scope }) => scope === 'stream');
  if (needsStream && stream !== null && !watermarks.trusts(stream.entry.store)) return false;
  return !isCounted(campaign) || (seen ?? []).every(({ entry }) => watermarks.trusts(entry.store));
}

/** Somebody's record counts its views. */
function isCounted({ caps }: Campaign): boolean {
  return caps.some(({ scope }) => scope !== 'pod');
}

/** It competes with others in the pods of this stream. */
function isSeparated({ categories }: Campaign, { viewer }: Decision['ask']): boolean {
  return categories.length > 0 && viewer.session !== null;
}

function paceRunners(entrant: Entrant, decision: Decision, parts: DecidingParts): void {
  for (const runner of entrant.runners) {
    const reached = capReason(runner, decision, parts);
    if (!reached) continue;
    runner.struck = reached.reason;
    entrant.detail = reached.detail;
  }
  const [first] = entrant.runners;
  if (first?.struck && entrant.runners.every((runner) => runner.struck !== null)) {
    fallOut(entrant, first.struck, entrant.detail);
  }
}

function capReason(
  { caps, creative, entrant }: Runner,
  decision: Decision,
  { watermarks }: DecidingParts,
): { readonly reason: Reason; readonly detail: string } | null {
  for (const cap of caps) {
    const used = usedOf(cap, entrant.campaign.id, decision, watermarks);
    if (used === null) return { reason: 'no_identity', detail: cap.scope };
    if (used >= cap.max)
      return { reason: 'cap_reached', detail: `${cap.scope} ${used}/${cap.max} in ${windowTold(cap)}` };
  }
  if (isKeptOut(entrant.campaign, creative, decision)) return { reason: 'separated', detail: 'stream' };
  return null;
}

function windowTold({ windowSeconds }: FrequencyCap): string {
  return windowSeconds === null ? 'all' : `${windowSeconds} s`;
}

/** A competitor in another pod of the stream leaves no room for it anywhere in this one. */
function isKeptOut(campaign: Campaign, creative: Creative, { ask, stream }: Decision): boolean {
  if (stream === null || campaign.categories.length === 0 || stream.record.entries.length === 0) return false;
  const { rules, breakIndex, breakOffsetMs } = ask;
  const ad = { ...flatten(campaign.categories), apartSeconds: apartOf(rules) };
  const pod = { breakIndex, breakOffsetMs, seconds: rules.durationSeconds, adSeconds: creative.durationSeconds };
  return fitsNowhere(stream.record, ad, pod);
}

function fallOut(entrant: Entrant, reason: Reason, detail: string | null): void {
  entrant.fellOut = reason;
  entrant.detail = detail;
  for (const runner of entrant.runners) runner.struck ??= reason;
}
