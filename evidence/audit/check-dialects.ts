import { isAnswered } from './check-answers.ts';
import type { Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, reservedAds } from './judge.ts';

/** What of the traffic was said in each dialect, by the log. */
export type DialectCounts = Readonly<
  Record<string, { readonly requests: number; readonly ads: number; readonly beacons: number }>
>;

/** Each request is logged in the language in which it was asked, and a bid costs what its campaign pays. */
export function checkDialects(run: Pick<Run, 'calls' | 'log' | 'seed'>): Fault[] {
  const logged = firstRequests(run.log.requests);
  const strange: string[] = [];
  const wrong: string[] = [];
  for (const call of run.calls) {
    const { dialect, answer, bids = [] } = call;
    if (call.kind !== 'ad-request' || !answer || !isAnswered(call)) continue;
    const record = logged.get(answer.request_id);
    if (record && (record.value.dialect ?? 'json') !== dialect) strange.push(answer.request_id);
    for (const { ad_id, campaign_id, price, floor } of bids) {
      const pricing = run.seed.get(campaign_id)?.pricing;
      // A thousand impressions in dollars: of the other models only the floor is known here.
      const due = pricing?.model === 'cpm' ? pricing.priceMicros / 1_000 : price;
      if (Math.abs(price - due) > 1e-9 || price < floor) wrong.push(ad_id);
    }
  }
  return [
    ...fault('dialect_differs', 'logged in another dialect than it was asked in', strange),
    ...fault('bid_wrong', "below the seller's floor, or not what its campaign pays", wrong),
  ];
}

export function countDialects({ log }: Pick<Run, 'log'>): DialectCounts {
  const counts: Record<string, { requests: number; ads: number; beacons: number }> = {};
  const requests = firstRequests(log.requests);
  const of = (dialect = 'json') => {
    counts[dialect] ??= { requests: 0, ads: 0, beacons: 0 };
    return counts[dialect];
  };
  for (const { value } of requests.values()) {
    const count = of(value.dialect);
    count.requests++;
    count.ads += reservedAds(value).length;
  }
  for (const { value } of log.beacons) of(requests.get(value.request_id)?.value.dialect).beacons++;
  return counts;
}
