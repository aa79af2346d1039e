import type { Campaign } from '../../domain/campaign.ts';
import type { PodRules } from '../../domain/pods/pod.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { type CampaignFacts, type CreativeFacts, factsOf } from '../campaign-facts.ts';
import type { DecidingCatalog, DecidingParts, Decision, Entrant, Runner } from '../decision.ts';
import { allFeatures } from '../features.ts';
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
  const entrant = enterMatched(factsOf(campaign), decision);
  const matched = matchCampaign(campaign, decision.ask.context);
  if (entrant.fellOut === 'feature_off' || matched.ok) return entrant;
  return { ...entrant, fellOut: 'targeting', detail: matched.dimension, runners: [] };
}

function enterMatched(facts: CampaignFacts, decision: Decision): Entrant {
  const entrant: Entrant = { campaign: facts.campaign, facts, fellOut: null, detail: null, runners: [] };
  const out = reasonOut(facts, decision);
  if (out !== null) [entrant.fellOut, entrant.detail] = out;
  else {
    const { rules } = decision.ask;
    for (const one of facts.creatives) if (isOfLength(one, rules)) entrant.runners.push(runnerOf(entrant, one));
  }
  return entrant;
}

function runnerOf(entrant: Entrant, facts: CreativeFacts): Runner {
  return { entrant, creative: facts.creative, facts, struck: null, worth: null, candidate: null };
}

/** Why none of its creatives runs. */
function reasonOut(
  { carried, creatives }: CampaignFacts,
  { ask: { rules }, treatment: { features } }: Decision,
): readonly [Reason, string | null] | null {
  if (features.size < allFeatures.length) {
    const missing = carried.find((feature) => !features.has(feature));
    if (missing) return ['feature_off', missing];
  }
  const [first] = creatives;
  if (first === undefined) return ['no_creative', null];
  if (creatives.some((one) => isOfLength(one, rules))) return null;
  const fitting = creatives.find(({ creative }) => creative.durationSeconds <= rules.durationSeconds);
  if (fitting === undefined) return ['too_long', lengthOf(first)];
  return ['length_not_allowed', lengthOf(fitting)];
}

const lengthOf = ({ creative }: CreativeFacts): string => `${creative.durationSeconds} s`;

function isOfLength({ creative }: CreativeFacts, { durationSeconds, allowedDurations }: PodRules): boolean {
  if (creative.durationSeconds > durationSeconds) return false;
  return !allowedDurations || allowedDurations.includes(creative.durationSeconds);
}
