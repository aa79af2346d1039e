import type { Creative } from '../creative.ts';

/**
 * Which of a campaign's creatives of one length and place comes to the ranking. Where weights are given, draws go by them; else by
 * each creative's share: how likely it is the best of them (`shares.ts`), which is what Thompson's rule draws by. A draw follows
 * from the request's id and the campaign's alone, so it can be made again from the log.
 */

/** Creatives that could take each other's place in a pod have the same. */
export function kindOfCreative({ durationSeconds, place }: Pick<Creative, 'durationSeconds' | 'place'>): number {
  return durationSeconds * 3 + (place === 'first' ? 1 : place === 'last' ? 2 : 0);
}

/** What draws go by. `share` in ppm; null: not known yet. */
export interface Drawable {
  readonly id: string;
  readonly weight: number | null;
  readonly share: number | null;
}

/**
 * The chances of each, as whole numbers. One weight suffices for draws by weight, and who has none has 1. A creative of which
 * nothing was said yet has the mean chance of the others: it is tried at once, and learnt of.
 */
export function chancesOf(drawables: readonly Drawable[], weighted: boolean): readonly number[] {
  if (weighted) return drawables.map(({ weight }) => weight ?? 1);
  const known = drawables.flatMap(({ share }) => (share === null ? [] : [share]));
  const mean = known.length === 0 ? 1 : Math.round(known.reduce((sum, share) => sum + share, 0) / known.length);
  return drawables.map(({ share }) => Math.max(1, share ?? mean));
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the answer, a whole number below 2^32. */
export function mixed(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Between one draw and the next: 2^32 by the golden ratio. */
const STEP = 0x9e3779b9;

/** Where draws of a request among the creatives of one kind of a campaign begin; `request` and `campaign`: 32-bit hashes of their ids. */
export function drawSeed(request: number, campaign: number, kind: number): number {
  return mixed(request ^ mixed(campaign + kind));
}

/**
 * The first `count` that are drawn, one after the other without putting back, as places in `chances`. Draw n takes
 * floor(mixed(seed + n·STEP) · what is left of the chances ÷ 2^32), and whoever's chances hold that number, in the given order.
 */
export function drawn(chances: readonly number[], seed: number, count: number): readonly number[] {
  const left = [...chances];
  let total = left.reduce((sum, chance) => sum + chance, 0);
  const order: number[] = [];
  while (order.length < Math.min(count, chances.length)) {
    let rest = Math.floor((mixed(seed + Math.imul(order.length, STEP)) * total) / 2 ** 32);
    let at = 0;
    while (rest >= (left[at] ?? 0)) rest -= left[at++] ?? 0;
    total -= left[at] ?? 0;
    left[at] = 0;
    order.push(at);
  }
  return order;
}
