import type { Market } from './market.ts';

/**
 * Recomputes what a certificate proves, from the market alone, with nothing of the search that found it: for prices mu ≥ 0
 * no choice of ads can be worth more than
 *     Σ budget·mu  +  Σ over requests of the n best (worth − mu·price) that are above 0,
 * n being the impressions of the request that are not lost. Weak duality: every choice within the budgets is worth at most what it
 * is worth with its spend priced and the budgets paid out. Throws RangeError for prices that are no certificate.
 */
export function checkedBound(
  market: Market,
  mu: readonly number[],
  worth: (campaign: number, segment: number) => number,
): number {
  const valid = mu.length === market.campaigns.length && mu.every((price) => Number.isFinite(price) && price >= 0);
  if (!valid) throw new RangeError('a certificate has one price at or above 0 for each campaign');
  let bound = 0;
  for (let index = 0; index < mu.length; index++) {
    bound += (mu[index] as number) * (market.campaigns[index]?.totalBudgetMicros ?? 0);
  }
  for (const request of market.requests) {
    const gains: number[] = [];
    for (let index = 0; index < mu.length; index++) {
      const campaign = market.campaigns[index];
      if (campaign === undefined || request.at < campaign.startsAt || request.at >= campaign.endsAt) continue;
      const value = worth(index, request.segment);
      const gain = value - (mu[index] as number) * campaign.pricing.priceMicros;
      if (value > 0 && gain > 0) gains.push(gain);
    }
    gains.sort((a, b) => b - a);
    let room = 0;
    for (const lost of request.lost) if (!lost) room++;
    for (let place = 0; place < Math.min(room, gains.length); place++) bound += gains[place] as number;
  }
  return bound;
}
