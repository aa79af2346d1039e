import type { Campaign, Tier } from '../campaign.ts';
import { type Micros, micros, type Pricing } from '../money.ts';
import type { Rates } from './rates.ts';

/** What one impression is worth and what it would cost the campaign's budget. */
export interface Score {
  /** The expected price times the quality factor. */
  readonly valueMicros: Micros;
  /** Price of the billable event times its predicted rate. */
  readonly expectedPriceMicros: Micros;
  /** Value less the shadow price of the budget. At or below 0 the campaign is paced out: reason `shadow_price`. */
  readonly scoreMicros: Micros;
}

/** What an impression of a flat campaign without budget or goal is taken to be worth: a CPM of 10. */
export const defaultFlatValueMicros = micros(10_000);

/** How much quality and shadow price count, in percent. */
export interface ScoreWeights {
  readonly qualityPercent: number;
  readonly shadowPricePercent: number;
}

export const fullWeights: ScoreWeights = { qualityPercent: 100, shadowPricePercent: 100 };

/**
 * Scores one impression. `muPpm` is the shadow price in millionths of the price. The quality factor is 0.5 + quality/10, so 1 for
 * average quality. `flatValueMicros` stands for the price of a flat campaign (see flatValue). A house ad is worth 1 micro
 * whatever it is priced at: anything that pays goes first.
 */
export function score(
  pricing: Pricing,
  rates: Rates,
  muPpm: number,
  flatValueMicros: number,
  tier: Tier = 'standard',
  weights: ScoreWeights = fullWeights,
): Score {
  if (tier === 'house') return { valueMicros: micros(1), expectedPriceMicros: micros(0), scoreMicros: micros(1) };
  const expected = expectedPrice(pricing, rates, flatValueMicros);
  const quality = Math.round(((rates.qualityCenti - 500) * weights.qualityPercent) / 100);
  const value = Math.max(0, Math.round((expected * (1_000 + quality)) / 1_000));
  const mu = Math.round((muPpm * weights.shadowPricePercent) / 100);
  return {
    valueMicros: micros(value),
    expectedPriceMicros: micros(expected),
    scoreMicros: micros(value - Math.round((expected * mu) / 1_000_000)),
  };
}

function expectedPrice({ model, priceMicros }: Pricing, rates: Rates, flatValueMicros: number): number {
  switch (model) {
    case 'cpm':
      return priceMicros;
    case 'cpc':
      return Math.round((priceMicros * rates.ctrPpm) / 1_000_000);
    case 'cpv':
      return Math.round((priceMicros * rates.vtrPpm) / 1_000_000);
    case 'flat':
      return flatValueMicros;
  }
}

/** What an impression of a flat campaign is worth: its budget shared among the impressions of its goal. */
export function flatValue(campaign: Pick<Campaign, 'totalBudgetMicros' | 'goalImpressions'>): Micros {
  const { totalBudgetMicros, goalImpressions } = campaign;
  if (totalBudgetMicros === null || goalImpressions === null || goalImpressions < 1) return defaultFlatValueMicros;
  return micros(Math.round(totalBudgetMicros / goalImpressions));
}
