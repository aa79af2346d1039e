import type { Campaign } from '../../domain/campaign.ts';
import type { Place } from '../../domain/creative.ts';
import { micros } from '../../domain/money.ts';

/** Ids of campaigns, or all (null). */
export type Ids = readonly string[] | null;

/** A document without a wish says nothing of it. */
export function placeOf({ pod_place: place }: { readonly pod_place: Place | null }): { readonly place?: Place } {
  return place === null ? {} : { place };
}

/** Rows by their owner, in the order of the rows. */
export function group<R, T>(
  rows: readonly R[],
  owner: (row: R) => string,
  items: (row: R) => readonly T[],
): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const row of rows) {
    const list = grouped.get(owner(row));
    if (list) list.push(...items(row));
    else grouped.set(owner(row), [...items(row)]);
  }
  return grouped;
}

/** A document of a campaign that had spent nothing says nothing of it. */
export function spentBefore(amount: string | undefined): Pick<Campaign, 'spentBeforeMicros'> {
  const spent = Number(amount ?? 0);
  return spent === 0 ? {} : { spentBeforeMicros: micros(spent) };
}
