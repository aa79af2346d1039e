import { forecastFrom } from '../../domain/pacing/forecast.ts';
import { pacingInput } from '../../domain/pacing/pace.ts';
import { initialPacingState, type PacingState, updateMu } from '../../domain/pacing/shadow-price.ts';
import { targetCurve } from '../../domain/pacing/target.ts';
import type { PodCandidate, PodRules } from '../../domain/pods/pod.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import { priorRates } from '../../domain/scoring/rates.ts';
import { score } from '../../domain/scoring/score.ts';
import { draws } from './draws.ts';
import type { LabRequest, Market } from './market.ts';
import { type Known, type Policy, stepMs } from './replay.ts';

type Values = readonly Int32Array[];

/** Every policy, the plain ones first. */
export const policies: readonly ((market: Market, values: Values) => Policy)[] = [
  firstEligible,
  greedyByBid,
  throttling,
  proportionalIntegral,
  ours,
];

/** The MVP's: whoever may and comes first in the catalog. */
function firstEligible(): Policy {
  return { name: 'first_eligible', steer: () => undefined, choose: (_, open, slots) => open.slice(0, slots) };
}

/** The highest bid wins while there is money. */
function greedyByBid({ campaigns }: Market): Policy {
  const bid = (index: number) => campaigns[index]?.pricing.priceMicros ?? 0;
  return {
    name: 'greedy_by_bid',
    steer: () => undefined,
    choose: (_, open, slots) => open.toSorted((a, b) => bid(b) - bid(a)).slice(0, slots),
  };
}

/** Each campaign takes part in a share of the requests that is moved so that spend follows the clock; the best value wins. */
function throttling({ campaigns, seed }: Market, values: Values): Policy {
  const random = draws(seed + 7_919);
  const shares = campaigns.map(() => 0.5);
  let last = 0;
  return {
    name: 'throttling',
    steer(at, known) {
      if (at - last < 300_000) return;
      last = at;
      for (const [index, campaign] of campaigns.entries()) {
        const target = targetCurve(campaign, at) ?? 0;
        const spent = known[index]?.spentMicros ?? 0;
        // The common rule: a tenth more or less, by which side of the plan the spend is.
        const share = (shares[index] ?? 0) * (spent > target ? 0.9 : 1.1);
        shares[index] = Math.max(0.005, Math.min(1, share));
      }
    },
    choose: ({ segment }, open, slots) => {
      const worth = (index: number) => values[index]?.[segment] ?? 0;
      const taking = open.filter((index) => random.unit() < (shares[index] ?? 0));
      return taking.sort((a, b) => worth(b) - worth(a)).slice(0, slots);
    },
  };
}

/** A shadow price moved by the error and its sum alone, along the clock. */
function proportionalIntegral(market: Market, _values: Values): Policy {
  const mu = market.campaigns.map(() => 0);
  const sums = market.campaigns.map(() => 0);
  return {
    name: 'pi',
    steer(at, known) {
      for (const [index, campaign] of market.campaigns.entries()) {
        if (at < campaign.startsAt) continue;
        const budget = campaign.totalBudgetMicros ?? 1;
        const error = ((known[index]?.spentMicros ?? 0) - (targetCurve(campaign, at) ?? 0)) / budget;
        sums[index] = Math.max(0, Math.min(1.5, (sums[index] ?? 0) + (error * stepMs) / 600_000));
        mu[index] = Math.max(0, Math.min(3, 10 * error + (sums[index] ?? 0)));
      }
    },
    choose: (request, open, slots) => solved(market, request, open, slots, mu),
  };
}

/** The product's: forecast by hour of week, dual descent with a guard rail, score, exact pod. */
function ours(market: Market, _values: Values): Policy {
  const forecast = forecastFrom(market.history, market.startsAt);
  const states: PacingState[] = market.campaigns.map(() => initialPacingState);
  // What deciders hold: the prices of the step before.
  let held = market.campaigns.map(() => 0);
  return {
    name: 'ours',
    steer(at, known) {
      held = states.map(({ muPpm }) => muPpm / 1e6);
      for (const [index, campaign] of market.campaigns.entries()) {
        if (at < campaign.startsAt || at >= campaign.endsAt) continue;
        const input = pacingInput(campaign, known[index] as Known, at, stepMs, forecast);
        const state = states[index] ?? initialPacingState;
        if (input) states[index] = updateMu(state, input);
      }
    },
    choose: (request, open, slots) => solved(market, request, open, slots, held),
  };
}

const seconds = 30;

/** Scores and solves with the product's own code. */
function solved(
  { campaigns, quality }: Market,
  { segment }: LabRequest,
  open: readonly number[],
  slots: number,
  mu: readonly number[],
): readonly number[] {
  const candidates: PodCandidate[] = [];
  for (const index of open) {
    const campaign = campaigns[index];
    if (campaign === undefined) continue;
    const rates = { ...priorRates, qualityCenti: quality[index]?.[segment] ?? 0 };
    const { scoreMicros } = score(campaign.pricing, rates, Math.round((mu[index] ?? 0) * 1e6), 0);
    if (scoreMicros < 1) continue;
    candidates.push({
      campaignId: campaign.id,
      creativeId: String(index),
      advertiserId: campaign.advertiserId,
      mediaUrls: [campaign.id],
      durationSeconds: seconds,
      categories: [],
      scoreMicros,
      qualityCenti: rates.qualityCenti,
      tier: 'standard',
      place: null,
      podMax: null,
    });
  }
  if (candidates.length === 0) return [];
  // All ads are equally long and of different advertisers: what is not among the best cannot be in the pod.
  candidates.sort((a, b) => b.scoreMicros - a.scoreMicros).splice(2 * slots);
  const rules: PodRules = {
    durationSeconds: seconds * slots,
    exactDuration: false,
    allowedDurations: null,
    minAds: 0,
    maxAds: slots,
    objective: 'revenue',
    separation: true,
    minSeparationSeconds: null,
    allowDuplicateAdvertisers: false,
    backupAds: 0,
    nodeLimit: 20_000,
  };
  return solvePod(candidates, rules).ads.map(({ candidate }) => Number(candidate.creativeId));
}
