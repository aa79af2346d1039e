import { expect, test } from 'vitest';
import { bestPrices } from './bound.ts';
import { checkedBound } from './check.ts';
import { withFloors } from './judge.ts';
import { type Market, makeMarket } from './market.ts';
import { policies } from './policies.ts';
import { replay, valuesOf } from './replay.ts';

/** The first evening of a market, with budgets to match: quick, and everything is in it. */
function evening(seed: number): Market {
  const whole = makeMarket(seed, 2);
  const endsAt = whole.startsAt + 14 * 3_600_000;
  const campaigns = whole.campaigns.slice(0, 8).map((campaign) => {
    const budget = Math.floor(((campaign.totalBudgetMicros ?? 0) * 0.1) / campaign.pricing.priceMicros);
    const totalBudgetMicros = (Math.max(1, budget) * campaign.pricing.priceMicros) as typeof campaign.totalBudgetMicros;
    return { ...campaign, startsAt: whole.startsAt, endsAt, totalBudgetMicros };
  });
  const requests = whole.requests.filter(({ at }) => at < endsAt).filter((_, index) => index % 5 === 0);
  return { ...whole, campaigns, requests, endsAt };
}

const disturbed = { delayMs: 60_000, tokenLifeMs: 900_000, instances: 2 };

test('no policy is worth more than any certificate allows, none overspends, and a run repeats', () => {
  const market = evening(3);
  const values = valuesOf(market);
  const worth = (campaign: number, segment: number) => Math.max(0, values[campaign]?.[segment] ?? 0);
  const best = checkedBound(market, bestPrices(market, worth, 100).mu, worth);
  const poor = [0, 0.4, 1.2].map((price) =>
    checkedBound(
      market,
      market.campaigns.map(() => price),
      worth,
    ),
  );
  for (const bound of poor) expect(bound).toBeGreaterThanOrEqual(best * 0.999);
  for (const make of policies) {
    const first = replay(market, values, make(market, values), disturbed);
    expect(first.overspendMicros, first.policy).toBe(0);
    expect(first.impressions, first.policy).toBeGreaterThan(0);
    for (const bound of [best, ...poor]) expect(first.valueMicros, first.policy).toBeLessThanOrEqual(bound);
    expect(replay(market, values, make(market, values), disturbed)).toEqual(first);
  }
});

test('prices below 0 prove nothing', () => {
  const market = evening(3);
  const prices = market.campaigns.map((_, index) => (index === 2 ? -0.1 : 0.5));
  expect(() => checkedBound(market, prices, () => 1)).toThrow(RangeError);
  expect(() => checkedBound(market, [0.5], () => 1)).toThrow(RangeError);
});

test('a policy below a floor is not ok', () => {
  const of = (policy: string, value_micros: number, value_of_bound: number) => ({
    policy,
    seed: 1,
    requests: 1,
    impressions: 1,
    impressions_lost: 0,
    value_micros,
    bound_micros: 100,
    bound_checked: true,
    value_of_bound,
    spent_micros: 1,
    feasible_micros: 1,
    budget_used_of_feasible: 1,
    overspend_micros: 0,
    floors: null,
    ok: true,
  });
  const others = [of('first_eligible', 70, 0.7), of('greedy_by_bid', 80, 0.8), of('throttling', 78, 0.78)];
  const ok = (...ours: [number, number]) => withFloors([...others, of('ours', ...ours)]).at(-1)?.ok;
  expect(ok(98, 0.98)).toBe(true);
  expect(ok(98, 0.96)).toBe(false);
  expect(ok(87, 0.98)).toBe(false);
});
