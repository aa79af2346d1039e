import type { LabRequest, Market } from './market.ts';

/** Prices of budgets, one for each campaign, from which no policy can do better than a bound: see check.ts. */
export interface Certificate {
  readonly mu: readonly number[];
}

interface Group {
  /** Impressions that were not lost. */
  readonly shown: number;
  readonly open: readonly number[];
  readonly worths: readonly number[];
  count: number;
}

/**
 * Looks for the prices whose dual bound is lowest, for impressions worth `worth(campaign, segment)`, by subgradient descent over
 * groups of equal requests. Any prices at or above 0 give a valid bound; better ones a tighter.
 */
export function bestPrices(
  market: Market,
  worth: (campaign: number, segment: number) => number,
  rounds = 250,
): Certificate {
  const groups = groupsOf(market, worth);
  const prices = market.campaigns.map(({ pricing }) => pricing.priceMicros);
  const budgets = market.campaigns.map(({ totalBudgetMicros }) => totalBudgetMicros ?? 0);
  let mu = prices.map(() => 0.5);
  let best = { bound: Number.POSITIVE_INFINITY, mu };
  for (let round = 0; round < rounds; round++) {
    const spent = prices.map(() => 0);
    let bound = budgets.reduce((sum: number, budget, index) => sum + budget * (mu[index] ?? 0), 0);
    for (const { open, worths, shown, count } of groups) {
      for (const { place, gain } of bestOf(open, worths, shown, mu, prices)) {
        const index = open[place] ?? 0;
        bound += count * gain;
        spent[index] = (spent[index] ?? 0) + count * (prices[index] ?? 0);
      }
    }
    if (bound < best.bound) best = { bound, mu };
    const step = 0.15 / Math.sqrt(1 + round / 10);
    mu = mu.map((price, index) => {
      const budget = budgets[index] ?? 1;
      const excess = Math.max(-1, Math.min(2, ((spent[index] ?? 0) - budget) / budget));
      return Math.max(0, price + step * excess);
    });
  }
  return { mu: best.mu };
}

interface Gain {
  readonly place: number;
  readonly gain: number;
}

/** The few best that gain anything, the best first. */
function bestOf(
  open: readonly number[],
  worths: readonly number[],
  most: number,
  mu: readonly number[],
  prices: readonly number[],
): readonly Gain[] {
  const best: Gain[] = [];
  for (let place = 0; place < open.length; place++) {
    const index = open[place] ?? 0;
    const gain = (worths[place] ?? 0) - (mu[index] ?? 0) * (prices[index] ?? 0);
    if (gain <= 0 || (best.length === most && gain <= (best.at(-1)?.gain ?? 0))) continue;
    let at = best.length;
    while (at > 0 && (best[at - 1]?.gain ?? 0) < gain) at--;
    best.splice(at, 0, { place, gain });
    if (best.length > most) best.pop();
  }
  return best;
}

function groupsOf(market: Market, worth: (campaign: number, segment: number) => number): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const request of market.requests) {
    const shown = shownOf(request);
    if (shown === 0) continue;
    const open = market.campaigns.flatMap(({ startsAt, endsAt }, index) =>
      request.at >= startsAt && request.at < endsAt && worth(index, request.segment) > 0 ? [index] : [],
    );
    const key = `${request.segment} ${shown} ${open.join()}`;
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { shown, open, worths: open.map((index) => worth(index, request.segment)), count: 1 });
  }
  return [...groups.values()];
}

function shownOf({ lost }: LabRequest): number {
  return lost.filter((one) => !one).length;
}
