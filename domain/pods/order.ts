import type { Place } from '../creative.ts';
import { type PodCandidate, tiers } from './pod.ts';

/** The order in which ads are tried and, where separation allows it, played: by tier, best score first, then by id. */
export function compareCandidates(a: PodCandidate, b: PodCandidate): number {
  if (a.tier !== b.tier) return tiers.indexOf(a.tier) - tiers.indexOf(b.tier);
  if (a.scoreMicros !== b.scoreMicros) return b.scoreMicros - a.scoreMicros;
  if (a.creativeId === b.creativeId) return 0;
  return a.creativeId < b.creativeId ? -1 : 1;
}

/** Counts search steps; `spent` once the limit is reached, after which nothing is searched. */
export interface NodeCounter {
  readonly limit: number;
  nodes: number;
  spent: boolean;
}

/** Counts one step. False: the limit is reached. */
export function countNode(counter: NodeCounter): boolean {
  if (counter.nodes >= counter.limit) counter.spent = true;
  else counter.nodes += 1;
  return !counter.spent;
}

/** An ad that is to be put in order. */
interface Placed {
  readonly durationSeconds: number;
  readonly place: Place | null;
}

/**
 * The first playing order, nearest to the given one, in which whoever wants a place has it and every two ads that must be apart
 * have at least `gapSeconds` from the end of one to the start of the next. Ads follow each other without a gap. Null: there is
 * none, or the counter ran out.
 */
export function arrange<Ad extends Placed>(
  ads: readonly Ad[],
  mustBeApart: (a: Ad, b: Ad) => boolean,
  gapSeconds: number,
  counter: NodeCounter,
): readonly Ad[] | null {
  const placed = inPlace(ads);
  if (placed === null) return null;
  if (!ads.some((a, index) => ads.slice(index + 1).some((b) => mustBeApart(a, b)))) return placed;
  const totalSeconds = ads.reduce((sum, ad) => sum + ad.durationSeconds, 0);
  const cannot = ads.some((a, index) =>
    ads
      .slice(index + 1)
      .some((b) => mustBeApart(a, b) && totalSeconds - a.durationSeconds - b.durationSeconds < gapSeconds),
  );
  return cannot ? null : placeNext([], ads, mustBeApart, gapSeconds, counter);
}

/** The given order but for those who want a place. Null: two want the same one. */
export function inPlace<Ad extends Placed>(ads: readonly Ad[]): readonly Ad[] | null {
  const first = ads.filter(({ place }) => place === 'first');
  const last = ads.filter(({ place }) => place === 'last');
  if (first.length > 1 || last.length > 1) return null;
  return [...first, ...ads.filter(({ place }) => place === null), ...last];
}

function placeNext<Ad extends Placed>(
  placed: readonly Ad[],
  left: readonly Ad[],
  mustBeApart: (a: Ad, b: Ad) => boolean,
  gapSeconds: number,
  counter: NodeCounter,
): readonly Ad[] | null {
  if (left.length === 0) return placed;
  for (const ad of left) {
    if (!countNode(counter)) return null;
    if (ad.place === 'first' && placed.length > 0) continue;
    if (ad.place === 'last' && left.length > 1) continue;
    if (!mayFollow(ad, placed, mustBeApart, gapSeconds)) continue;
    const rest = left.filter((other) => other !== ad);
    const found = placeNext([...placed, ad], rest, mustBeApart, gapSeconds, counter);
    if (found !== null) return found;
  }
  return null;
}

/** Walks back from the end: what was played within the gap must not need to be apart. */
function mayFollow<Ad extends Placed>(
  ad: Ad,
  placed: readonly Ad[],
  mustBeApart: (a: Ad, b: Ad) => boolean,
  gapSeconds: number,
): boolean {
  let sinceSeconds = 0;
  for (const earlier of placed.toReversed()) {
    if (sinceSeconds < gapSeconds && mustBeApart(ad, earlier)) return false;
    sinceSeconds += earlier.durationSeconds;
  }
  return true;
}
