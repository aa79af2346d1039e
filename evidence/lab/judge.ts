import { bestPrices } from './bound.ts';
import { checkedBound } from './check.ts';
import { makeMarket } from './market.ts';
import { policies } from './policies.ts';
import { type Disturbance, type Replayed, replay, valuesOf } from './replay.ts';

/** What the product's policy must reach on every seed. Shares, but for the overspend. */
export const floors = {
  value_of_bound: 0.97,
  budget_used_of_feasible: 0.99,
  overspend_micros: 0,
  over_greedy_by_bid: 0.1,
  over_throttling: 0.2,
  over_first_eligible: 0.2,
} as const;

/** One policy on one seed. */
export interface Verdict {
  readonly policy: string;
  readonly seed: number;
  readonly requests: number;
  readonly impressions: number;
  readonly impressions_lost: number;
  readonly value_micros: number;
  readonly bound_micros: number;
  /** The certificate was recomputed by check.ts and no policy was worth more than it allows. */
  readonly bound_checked: boolean;
  readonly value_of_bound: number;
  readonly spent_micros: number;
  readonly feasible_micros: number;
  readonly budget_used_of_feasible: number;
  readonly overspend_micros: number;
  /** Only of the product's policy: what it reached beside what it must. */
  readonly floors: Readonly<Record<string, { readonly floor: number; readonly reached: number }>> | null;
  readonly ok: boolean;
}

export interface JudgedSeed {
  readonly verdicts: readonly Verdict[];
  readonly replayed: readonly Replayed[];
  readonly startsAt: number;
  /** Requests by hour of the run. */
  readonly traffic: readonly number[];
  readonly budgets: readonly number[];
}

const spendRounds = 40;

/** Replays one seed through every policy and holds it against the bound. */
export function judgeSeed(seed: number, disturbed: Disturbance): JudgedSeed {
  const market = makeMarket(seed, disturbed.instances);
  const values = valuesOf(market);
  const worth = (campaign: number, segment: number) => Math.max(0, values[campaign]?.[segment] ?? 0);
  const price = (campaign: number, segment: number) =>
    (values[campaign]?.[segment] ?? -1) < 0 ? 0 : (market.campaigns[campaign]?.pricing.priceMicros ?? 0);
  const bound = checkedBound(market, bestPrices(market, worth).mu, worth);
  const budgets = market.campaigns.map(({ totalBudgetMicros }) => totalBudgetMicros ?? 0);
  const asked = budgets.reduce((sum: number, budget) => sum + budget, 0);
  const feasible = Math.min(asked, checkedBound(market, bestPrices(market, price, spendRounds).mu, price));
  const replayed = policies.map((make) => replay(market, values, make(market, values), disturbed));
  const plain = replayed.map((one): Verdict => {
    const checked = one.valueMicros <= bound * (1 + 1e-9) && one.spentMicros <= feasible * (1 + 1e-9);
    return {
      policy: one.policy,
      seed,
      requests: market.requests.length,
      impressions: one.impressions,
      impressions_lost: one.lost,
      value_micros: one.valueMicros,
      bound_micros: Math.round(bound),
      bound_checked: checked,
      value_of_bound: share(one.valueMicros, bound),
      spent_micros: one.spentMicros,
      feasible_micros: Math.round(feasible),
      budget_used_of_feasible: share(one.spentMicros, feasible),
      overspend_micros: one.overspendMicros,
      floors: null,
      ok: checked && one.overspendMicros === 0,
    };
  });
  const traffic = new Array<number>(Math.round((market.endsAt - market.startsAt) / 3_600_000)).fill(0);
  for (const { at } of market.requests) {
    const hour = Math.floor((at - market.startsAt) / 3_600_000);
    traffic[hour] = (traffic[hour] ?? 0) + 1;
  }
  return { verdicts: withFloors(plain), replayed, startsAt: market.startsAt, traffic, budgets };
}

/** Holds the product's policy against its floors and against the others. */
export function withFloors(verdicts: readonly Verdict[]): readonly Verdict[] {
  const worthOf = (policy: string) => verdicts.find((one) => one.policy === policy)?.value_micros ?? Number.NaN;
  return verdicts.map((one) => {
    if (one.policy !== 'ours') return one;
    const over = (policy: string) => share(one.value_micros, worthOf(policy)) - 1;
    const reached: Readonly<Record<keyof typeof floors, number>> = {
      value_of_bound: one.value_of_bound,
      budget_used_of_feasible: one.budget_used_of_feasible,
      overspend_micros: one.overspend_micros,
      over_greedy_by_bid: over('greedy_by_bid'),
      over_throttling: over('throttling'),
      over_first_eligible: over('first_eligible'),
    };
    const table = Object.entries(floors).map(([name, floor]) => {
      const value = reached[name as keyof typeof floors];
      return [name, { floor, reached: Math.round(value * 1e4) / 1e4 }] as const;
    });
    const holds = (name: keyof typeof floors) =>
      name === 'overspend_micros' ? reached[name] <= floors[name] : reached[name] >= floors[name];
    const ok = one.ok && (Object.keys(floors) as (keyof typeof floors)[]).every(holds);
    return { ...one, floors: Object.fromEntries(table), ok };
  });
}

function share(part: number, whole: number): number {
  return Math.round((part / whole) * 1e6) / 1e6;
}
