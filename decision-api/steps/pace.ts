import type { Campaign } from '../../domain/campaign.ts';
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
  const needsStore = needsMoney(campaign) || campaign.caps.length > 0;
  if (needsStore && decision.seen === null) return 'store_unavailable';
  if (needsStore && !isTrusted(campaign, decision, parts)) return 'store_catching_up';
  if (needsMoney(campaign) && decision.catalogStale) return 'catalog_stale';
  if (needsMoney(campaign) && decision.journalFull) return 'journal_full';
  return parts.purse.refusal(campaign, ask.minute);
}

/** The shards that hold the viewer's records remember all of it; money is asked for at its own shard, when it is spent. */
function isTrusted(campaign: Campaign, { seen }: Decision, { watermarks }: DecidingParts): boolean {
  if (!watermarks.trustsAny) return false;
  return campaign.caps.length === 0 || (seen ?? []).every(({ entry }) => watermarks.trusts(entry.store));
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
  { caps, entrant }: Runner,
  { seen, partition }: Decision,
  { watermarks }: DecidingParts,
): { readonly reason: Reason; readonly detail: string } | null {
  for (const cap of caps) {
    const used = usedOf(cap, entrant.campaign.id, partition, seen ?? [], watermarks);
    if (used === null) return { reason: 'no_identity', detail: cap.scope };
    if (used >= cap.max)
      return { reason: 'cap_reached', detail: `${cap.scope} ${used}/${cap.max} in ${cap.windowSeconds} s` };
  }
  return null;
}

function fallOut(entrant: Entrant, reason: Reason, detail: string | null): void {
  entrant.fellOut = reason;
  entrant.detail = detail;
  for (const runner of entrant.runners) runner.struck ??= reason;
}
