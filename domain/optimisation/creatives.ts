import { type Share, shareDifference } from '../statistics.ts';
import { type CreativeFigures, type Findings, type Recommendation, times } from './recommendation.ts';

const startsAtLeast = 200;
/** Of being worse: many comparisons are made, so one in a hundred would not do. */
const certainty = 0.995;
const relativeLoss = 0.1;
const shareAtLeast = 0.05;
const weekSeconds = 604_800;

/** Creatives that are watched to the end clearly less often than the others of their campaign. One always stays. */
export function weakCreatives(findings: Findings): readonly Recommendation[] {
  const { campaign } = findings;
  const active = campaign.creatives.filter(({ status }) => status === 'active');
  const figures = findings.creatives.filter(({ creativeId }) => active.some(({ id }) => id === creativeId));
  if (figures.length < 2) return [];
  const found = figures.flatMap((one): Recommendation[] => {
    const others = figures.filter((other) => other !== one);
    const rest = sharesOf(others);
    const own = sharesOf([one]);
    if (own.trials < startsAtLeast || rest.trials < startsAtLeast) return [];
    const difference = shareDifference(own, rest);
    const isWorse = difference.probabilityLower >= certainty && -difference.expected >= relativeLoss * rateOf(rest);
    if (!isWorse) return [];
    const weight = own.trials / (own.trials + rest.trials);
    const name = active.find(({ id }) => id === one.creativeId)?.name ?? one.creativeId;
    return [
      {
        kind: 'weak_creative',
        campaignId: campaign.id,
        subject: one.creativeId,
        why: `${name} is watched to the end in ${percent(rateOf(own))}, the others of the campaign in ${percent(rateOf(rest))}.`,
        evidence: {
          starts: own.trials,
          completion_rate: rateOf(own),
          others_starts: rest.trials,
          others_completion_rate: rateOf(rest),
          probability_worse: difference.probabilityLower,
        },
        effect: { measure: 'completion_rate', ...times(difference, -weight) },
        change: { field: 'creative_status', creativeId: one.creativeId, status: 'inactive' },
      },
    ];
  });
  return found.slice(0, figures.length - 1);
}

/** Views beyond a viewer's nth are finished clearly less often: a cap at n for a week. */
export function fatigue(findings: Findings): readonly Recommendation[] {
  const { campaign, exposures } = findings;
  const capped = campaign.caps.some(
    ({ scope, creativeId, windowSeconds }) =>
      scope === 'user' && creativeId === null && (windowSeconds ?? weekSeconds) >= weekSeconds,
  );
  if (capped) return [];
  const all = sumOf(exposures);
  for (const { nth } of exposures.slice(0, -1)) {
    if (nth < 2) continue;
    const fresh = sumOf(exposures.filter((one) => one.nth <= nth));
    const tired = sumOf(exposures.filter((one) => one.nth > nth));
    if (fresh.trials < startsAtLeast || tired.trials < startsAtLeast) continue;
    if (tired.trials < shareAtLeast * all.trials) return [];
    const difference = shareDifference(tired, fresh);
    const isWorse = difference.probabilityLower >= certainty && -difference.expected >= relativeLoss * rateOf(fresh);
    if (!isWorse) continue;
    return [
      {
        kind: 'fatigue',
        campaignId: campaign.id,
        subject: `after ${nth} views`,
        why: `After ${nth} views in a week a viewer finishes ${percent(rateOf(tired))} instead of ${percent(rateOf(fresh))}.`,
        evidence: {
          views_up_to: nth,
          impressions_up_to: fresh.trials,
          completion_up_to: rateOf(fresh),
          impressions_beyond: tired.trials,
          completion_beyond: rateOf(tired),
          probability_worse: difference.probabilityLower,
        },
        effect: { measure: 'completion_rate', ...times(difference, -tired.trials / all.trials) },
        change: { field: 'cap', cap: { scope: 'user', creativeId: null, windowSeconds: weekSeconds, max: nth } },
      },
    ];
  }
  return [];
}

function sharesOf(figures: readonly CreativeFigures[]): Share {
  return sumOf(figures.map(({ starts, completes }) => ({ successes: completes, trials: starts })));
}

function sumOf(shares: readonly Share[]): Share {
  return {
    successes: shares.reduce((total, one) => total + one.successes, 0),
    trials: shares.reduce((total, one) => total + one.trials, 0),
  };
}

function rateOf({ successes, trials }: Share): number {
  return trials === 0 ? 0 : Math.round((successes / trials) * 10_000) / 10_000;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
