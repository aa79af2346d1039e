import type { CampaignCategory } from '../campaign.ts';
import { conflict } from '../separation.ts';

/** A distinct list of categories. Many campaigns share one, so who competes with whom is worked out once for each pair of lists. */
export interface CategoryClass {
  readonly index: number;
  readonly categories: readonly CampaignCategory[];
}

/** Lists kept before all are forgotten: what is remembered changes no answer. */
const keptMax = 2_000;
let byText = new Map<string, CategoryClass>();
let byList = new WeakMap<readonly CampaignCategory[], CategoryClass>();
/** [class][class]: 0 not asked yet, 1 free, 2 in competition. */
let known: Uint8Array[] = [];

/** Call before the classes of a pod are asked for: those of one pod must be from the same memory. True: all were forgotten. */
export function forgetIfMany(): boolean {
  if (byText.size <= keptMax) return false;
  byText = new Map();
  byList = new WeakMap();
  known = [];
  return true;
}

export function classOf(categories: readonly CampaignCategory[]): CategoryClass {
  const same = byList.get(categories);
  if (same !== undefined) return same;
  const text = JSON.stringify(categories.map(({ id, ancestors }) => [id, ancestors]));
  const found = byText.get(text) ?? { index: byText.size, categories };
  byText.set(text, found);
  byList.set(categories, found);
  return found;
}

export function competes(a: CategoryClass, b: CategoryClass): boolean {
  const answer = known[a.index]?.[b.index];
  return answer ? answer === 2 : workOut(a, b);
}

function workOut(a: CategoryClass, b: CategoryClass): boolean {
  let row = known[a.index];
  if (row === undefined || row.length <= b.index) {
    const longer = new Uint8Array(Math.max(64, 2 * (b.index + 1)));
    if (row !== undefined) longer.set(row);
    row = longer;
    known[a.index] = row;
  }
  const found = conflict(a.categories, b.categories);
  row[b.index] = found ? 2 : 1;
  return found;
}
