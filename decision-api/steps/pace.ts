import type { CapScope, FrequencyCap } from '../../domain/campaign.ts';
import { apartOf, fitsNowhere } from '../../domain/separation-stream.ts';
import { type CampaignFacts, scopeBit } from '../catalog/campaign-facts.ts';
import type { DecidingParts, Decision, Entrant, Runner } from '../decision.ts';
import { usedOf } from '../holding/reserver.ts';
import type { Reason } from '../reasons.ts';

/** Flight, status, and what campaign and viewer have left: places under caps, money in hand. */
export function pace(decision: Decision, parts: DecidingParts): void {
  const trust = trustOf(decision, parts);
  const remembered = rememberedOf(decision);
  for (const entrant of decision.entrants) {
    if (entrant.fellOut !== null) continue;
    const reason = campaignReason(entrant.facts, decision, parts, trust);
    if (reason) fallOut(entrant, reason, null);
    else paceRunners(entrant, decision, parts, remembered);
  }
}

/** Whether the shards that hold the viewer's records remember all of it. */
interface Trust {
  readonly any: boolean;
  readonly viewer: boolean;
  readonly stream: boolean;
}

function trustOf({ seen, stream }: Decision, { watermarks }: DecidingParts): Trust {
  return {
    any: watermarks.trustsAny,
    viewer: (seen ?? []).every(({ entry }) => watermarks.trusts(entry.store)),
    stream: stream === null || watermarks.trusts(stream.entry.store),
  };
}

function campaignReason(facts: CampaignFacts, decision: Decision, parts: DecidingParts, trust: Trust): Reason | null {
  const { ask } = decision;
  const { needsMoney, counted } = facts;
  if (!facts.active) return 'not_active';
  if (ask.receivedAt < facts.startsAt) return 'not_started';
  if (ask.receivedAt >= facts.endsAt) return 'ended';
  // It competes with others in the pods of this stream.
  const separated = facts.competes && ask.viewer.session !== null;
  if (needsMoney || counted || separated) {
    if (decision.seen === null) return 'store_unavailable';
    // Money is asked for at its own shard, when it is spent.
    const streamed = separated || facts.streamed;
    if (!trust.any || (streamed && !trust.stream) || (counted && !trust.viewer)) return 'store_catching_up';
  }
  if (!needsMoney) return null;
  if (decision.catalogStale) return 'catalog_stale';
  if (decision.journalFull) return 'journal_full';
  return parts.purse.refusal(facts, ask.minute);
}

/** What the viewer's records hold: the scopes that there are, a bit for each, and campaigns with a place in one of them. */
interface Remembered {
  readonly scopes: number;
  readonly campaigns: ReadonlySet<string>;
}

function rememberedOf({ seen, stream }: Decision): Remembered {
  const campaigns = new Set<string>();
  let scopes = 0;
  for (const { identity, record } of seen ?? []) {
    scopes |= scopeBit(identity.scope as CapScope);
    for (const { campaign } of record.entries) campaigns.add(campaign);
    for (const { campaign } of record.totals) campaigns.add(campaign);
  }
  if (stream === null) return { scopes, campaigns };
  for (const { campaign } of stream.record.entries) campaigns.add(campaign);
  return { scopes: scopes | scopeBit('stream'), campaigns };
}

function paceRunners(entrant: Entrant, decision: Decision, parts: DecidingParts, remembered: Remembered): void {
  let detail: string | null = null;
  let struck = 0;
  for (const runner of entrant.runners) {
    const reached = capReason(runner, decision, parts, remembered);
    if (!reached) continue;
    struck += 1;
    runner.struck = reached.reason;
    detail ??= reached.detail;
  }
  const [first] = entrant.runners;
  if (first?.struck && struck === entrant.runners.length) fallOut(entrant, first.struck, detail);
}

function capReason(
  { facts, entrant }: Runner,
  decision: Decision,
  { watermarks }: DecidingParts,
  { scopes, campaigns }: Remembered,
): { readonly reason: Reason; readonly detail: string } | null {
  // Most campaigns are new to a viewer who has every identity that is asked for: then all of each cap is left.
  const isOpen = (facts.cappedIn & ~scopes) === 0 && !campaigns.has(entrant.facts.id);
  for (const cap of isOpen ? noCaps : facts.caps) {
    const used = usedOf(cap, entrant.facts.id, decision, watermarks);
    if (used === null) return { reason: 'no_identity', detail: cap.scope };
    if (used >= cap.max)
      return { reason: 'cap_reached', detail: `${cap.scope} ${used}/${cap.max} in ${windowTold(cap)}` };
  }
  if (isKeptOut(entrant.facts, facts.durationSeconds, decision)) return { reason: 'separated', detail: 'stream' };
  return null;
}

const noCaps: readonly FrequencyCap[] = [];

function windowTold({ windowSeconds }: FrequencyCap): string {
  return windowSeconds === null ? 'all' : `${windowSeconds} s`;
}

/** A competitor in another pod of the stream leaves no room for it anywhere in this one. */
function isKeptOut(
  facts: CampaignFacts,
  adSeconds: number,
  { ask: { rules, breakIndex, breakOffsetMs }, stream }: Decision,
): boolean {
  if (stream === null || !facts.competes || stream.record.entries.length === 0) return false;
  const { categories, ancestors } = facts.seldom;
  const pod = { breakIndex, breakOffsetMs, seconds: rules.durationSeconds, adSeconds };
  return fitsNowhere(stream.record, { categories, ancestors, apartSeconds: apartOf(rules) }, pod);
}

function fallOut(entrant: Entrant, reason: Reason, detail: string | null): void {
  entrant.fellOut = reason;
  entrant.detail = detail;
  for (const runner of entrant.runners) runner.struck ??= reason;
}
