import { isDeepStrictEqual } from 'node:util';
import type { Campaign } from '../../domain/campaign.ts';
import { impossibleRules } from '../../domain/targeting/can-match.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { type CampaignRule, campaignRules } from './campaign-rules.ts';

type Unversioned = Omit<Campaign, 'version'>;

/** Which status may follow which; a status may always stay. */
const following: Readonly<Record<Campaign['status'], readonly Campaign['status'][]>> = {
  draft: ['active', 'completed'],
  active: ['paused', 'completed'],
  paused: ['active', 'completed'],
  completed: [],
};

/**
 * Throws Problem 422 with every field that contradicts another, by this change: a campaign that broke a rule before can still be
 * paused, and changed elsewhere. `rateMicros`: as the caller gave it, before it became a price.
 */
export function checkCampaign(campaign: Unversioned, before: Campaign | null, rateMicros: number | null): void {
  const rules = before === null ? campaignRules : campaignRules.filter(touched(campaign, before, rateMicros));
  const wrong = [
    ...brokenBy(rules, campaign, rateMicros),
    ...(before === null ? [] : wrongStatus(before.status, campaign.status)),
  ];
  if (wrong.length === 0) return;
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

function touched(campaign: Unversioned, before: Unversioned, rateMicros: number | null) {
  return ({ of }: CampaignRule) =>
    of.some(
      (field) => (field === 'pricing' && rateMicros !== null) || !isDeepStrictEqual(campaign[field], before[field]),
    );
}

/** Every field that contradicts another under the rules. */
export function brokenBy(
  rules: readonly CampaignRule[],
  campaign: Unversioned,
  rateMicros: number | null,
): readonly Wrong[] {
  return rules.flatMap((each) => each.wrong(campaign, rateMicros) ?? []);
}

function wrongStatus(before: Campaign['status'], after: Campaign['status']): Wrong[] {
  if (before === after || following[before].includes(after)) return [];
  const lawful = following[before].join(', ') || 'nothing else';
  return [{ pointer: '/status', detail: `cannot become ${after}: ${before} is followed by ${lawful}` }];
}

/** What is lawful and probably not meant. */
export function warningsOf(campaign: Unversioned): readonly Wrong[] {
  const warnings = [...nobodyWarnings(campaign, '/targeting')];
  if (campaign.status === 'active' && !campaign.creatives.some(({ status }) => status === 'active')) {
    warnings.push({ pointer: '/creatives', detail: 'an active campaign without an active creative serves nothing' });
  }
  return warnings;
}

/** Rules that can match nobody. `at`: where the list of rules stands. */
export function nobodyWarnings(campaign: Pick<Campaign, 'targeting'>, at: string): readonly Wrong[] {
  const impossible = impossibleRules(campaign);
  const warnings = impossible.map(({ index, dimensions }) => ({
    pointer: `${at}/${index}`,
    detail: `can match nobody: what is excluded leaves nothing of ${dimensions.join(', ')}`,
  }));
  const all = impossible.length > 0 && impossible.length === campaign.targeting.length;
  return all
    ? [...warnings, { pointer: at, detail: 'no rule can match anybody: the campaign serves nothing' }]
    : warnings;
}
