import type { Campaign } from '../../domain/campaign.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import type { Ask } from '../asking/ask.ts';
import { allFeatures } from '../asking/features.ts';
import { CampaignFacts, type CreativeFacts } from '../catalog/campaign-facts.ts';
import type { DecidingCatalog, DecidingParts, Decision, Entrant, Runner } from '../decision.ts';
import type { Reason } from '../reasons.ts';

/** Every campaign against the moment: features, targeting, and whether it has anything to show that fits. */
export function match(decision: Decision, { catalog }: DecidingParts): void {
  const matched = catalog.match(decision.ask.context);
  decision.catalog = catalog.campaigns;
  decision.mark = catalog.mark;
  const entrants: Entrant[] = [];
  for (const facts of matched) entrants.push(enterMatched(facts, decision));
  decision.entrants = entrants;
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
  const entrant = enterMatched(new CampaignFacts(campaign), decision);
  const matched = matchCampaign(campaign, decision.ask.context);
  if (entrant.fellOut === 'feature_off' || matched.ok) return entrant;
  return { ...entrant, fellOut: 'targeting', detail: matched.dimension, runners: [] };
}

function enterMatched(facts: CampaignFacts, { ask, treatment: { features } }: Decision): Entrant {
  const entrant: Entrant = { campaign: facts.campaign, facts, fellOut: null, detail: null, runners: nobody };
  const missing = features.size < allFeatures.length && facts.seldom.carried.find((feature) => !features.has(feature));
  const reason = missing ? (['feature_off', missing] as const) : enterCreatives(entrant, ask);
  if (reason !== null) [entrant.fellOut, entrant.detail] = reason;
  return entrant;
}

const nobody = Object.freeze([]) as unknown as Runner[];

/** Null: at least one of them runs; else why none does. */
function enterCreatives(entrant: Entrant, { admission, dialect, rules }: Ask): readonly [Reason, string | null] | null {
  const { facts } = entrant;
  let refused: Reason | null = null;
  let admitted: CreativeFacts | null = null;
  let fitting: CreativeFacts | null = null;
  for (let one = facts.first; one !== null; one = one.next) {
    const why = admission.admits(one, facts.campaign);
    if (why !== null) {
      refused ??= why;
      continue;
    }
    admitted ??= one;
    if (one.durationSeconds > rules.durationSeconds) continue;
    fitting ??= one;
    if (rules.allowedDurations && !rules.allowedDurations.includes(one.durationSeconds)) continue;
    const runner = { entrant, creative: one.creative, facts: one, struck: null, worth: null, candidate: null };
    // A list that begins empty makes room for many.
    if (entrant.runners.length === 0) entrant.runners = [runner];
    else entrant.runners.push(runner);
  }
  if (entrant.runners.length > 0) return null;
  if (fitting !== null) return ['length_not_allowed', lengthOf(fitting)];
  if (admitted !== null) return ['too_long', lengthOf(admitted)];
  return refused === null ? ['no_creative', null] : [refused, dialect];
}

const lengthOf = ({ durationSeconds }: CreativeFacts): string => `${durationSeconds} s`;
