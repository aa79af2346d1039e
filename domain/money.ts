/** Money in integer micros of the account's currency. Never a fraction, never beyond 2^53. */
export type Micros = number & { readonly __unit: 'micros' };

/** Checks a number to be whole and safe. Throws RangeError: a broken invariant, not bad input. */
export function micros(value: number): Micros {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole, safe number of micros`);
  return value as Micros;
}

export type PricingModel = 'cpm' | 'cpc' | 'cpv' | 'flat';

/** What one billable event costs. `priceMicros` is of one event: a CPM of 12 is 12,000 micros an impression; flat is 0. */
export interface Pricing {
  readonly model: PricingModel;
  readonly priceMicros: Micros;
}

/** The event that is billed. Flat accrues by flight day, not by event. */
export const billableEvent = { cpm: 'impression', cpv: 'complete', cpc: 'click', flat: null } as const;
