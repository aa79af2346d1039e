import type { Logged, RequestFact } from './facts.ts';
import { groupBy } from './judge.ts';

/**
 * Requests that were decided more than once because the answer to the first try could not be looked up: all decisions but
 * one say themselves that the state store was away or had forgotten. Then nothing that is capped or has a budget is served,
 * so no limit is at stake; the product says that such a retry may get another answer. Any other second decision is a fault.
 */
export function decidedApart(requests: readonly Logged<RequestFact>[]): ReadonlySet<string> {
  const apart = new Set<string>();
  for (const [id, records] of groupBy(requests, ({ value }) => value.request_id)) {
    const decisions = [...new Map(records.map(({ value }) => [value.arrival_id, value])).values()];
    if (decisions.length > 1 && decisions.filter((one) => !isWithoutStore(one)).length <= 1) apart.add(id);
  }
  return apart;
}

function isWithoutStore({ fallouts }: RequestFact): boolean {
  return fallouts.some(({ reason }) => reason === 'store_unavailable' || reason === 'store_catching_up');
}
