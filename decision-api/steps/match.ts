import type { Campaign } from '../../domain/campaign.ts';
import { isShowable } from '../../domain/creative.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import type { DecidingCatalog, DecidingParts, Decision, Entrant } from '../decision.ts';
import { allFeatures, carries } from '../features.ts';
import type { Reason } from '../reasons.ts';
import { capsOf } from '../reserver.ts';

/** Every campaign against the moment: features, targeting, and whether it has anything to show that fits. */
export function match(decision: Decision, { catalog }: DecidingParts): void {
  const matched = catalog.match(decision.ask.context);
  decision.catalog = catalog.campaigns;
  decision.mark = catalog.mark;
  decision.entrants = matched.map((campaign) => enterMatched(campaign, decision));
  decision.notEntered = countOthers(decision, catalog);
}

/** The index does not say who the others are: one that carries a feature which is off fell out for that, the rest for targeting. */
function countOthers({ treatment, entrants }: Decision, catalog: DecidingCatalog): ReadonlyMap<Reason, number> {
  const { features } = treatment;
  const off = allFeatures.filter((feature) => !features.has(feature));
  const carrying = off.length === 0 ? 0 : catalog.carriers(off);
  const featureOff = carrying - entrants.filter(({ fellOut }) => fellOut === 'feature_off').length;
  const targeting = catalog.campaigns.length - entrants.length - featureOff;
  const counts = new Map<Reason, number>();
  if (featureOff > 0) counts.set('feature_off', featureOff);
  if (targeting > 0) counts.set('targeting', targeting);
  return counts;
}

/** A campaign that did not enter, for explain: the plain matcher names the dimension that stopped it. */
export function enter(campaign: Campaign, decision: Decision): Entrant {
  const entrant = enterMatched(campaign, decision);
  const matched = matchCampaign(campaign, decision.ask.context);
  if (entrant.fellOut === 'feature_off' || matched.ok) return entrant;
  return { ...entrant, fellOut: 'targeting', detail: matched.dimension, runners: [] };
}

function enterMatched(campaign: Campaign, { ask, treatment: { features } }: Decision): Entrant {
  const entrant: Entrant = { campaign, fellOut: null, detail: null, runners: [] };
  const out = (reason: Reason, detail: string | null): Entrant => Object.assign(entrant, { fellOut: reason, detail });

  const missing = carries(campaign).find((feature) => !features.has(feature));
  if (missing) return out('feature_off', missing);
  const shown = campaign.creatives.filter(isShowable);
  // v1 hands out a file's address: it has no words for somebody else's tag.
  const active = ask.dialect === 'v1' ? shown.filter(({ media }) => media.length > 0) : shown;
  if (active.length === 0) return out('no_creative', null);
  const fitting = active.filter((creative) => creative.durationSeconds <= ask.rules.durationSeconds);
  if (fitting.length === 0) return out('too_long', `${active[0]?.durationSeconds} s`);
  const { allowedDurations } = ask.rules;
  const allowed = allowedDurations
    ? fitting.filter((creative) => allowedDurations.includes(creative.durationSeconds))
    : fitting;
  if (allowed.length === 0) return out('length_not_allowed', `${fitting[0]?.durationSeconds} s`);
  entrant.runners = allowed.map((creative) => ({
    entrant,
    creative,
    caps: capsOf(campaign.caps, creative.id),
    struck: null,
    worth: null,
  }));
  return entrant;
}
