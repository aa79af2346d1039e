import { type CategoryClass, classOf, competes } from './competition.ts';
import { countConflicts } from './conflicts.ts';
import { compareCandidates } from './order.ts';
import {
  advertiserNames,
  beginNames,
  campaignNames,
  creativeNames,
  fileSetNames,
  mediaNames,
  placesOf,
} from './places.ts';
import type { PodCandidate, PodRules } from './pod.ts';

/** One candidate with its texts as numbers. */
export interface Entry {
  readonly candidate: PodCandidate;
  /** Its place among the given: the last word where the order of candidates has none. */
  readonly given: number;
  /** Its list of categories, or where competitors may stand anywhere one for all. */
  readonly category: CategoryClass;
  /** Its list's place among the field's. */
  readonly list: number;
  /** Of whom one pod holds at most one ad: the advertiser, or the media files where advertisers may repeat. From 0 without gaps. */
  readonly owner: number;
  /** Its campaign, where a campaign's cap can keep an ad out of a pod: from 0 without gaps. Else −1. */
  readonly campaign: number;
}

/** The candidates of one pod, and how they keep each other out. */
export interface Field {
  readonly entries: readonly Entry[];
  /** The different lists of categories. */
  readonly lists: readonly CategoryClass[];
  readonly owners: number;
  /** Nobody of another owner is kept out by campaign, media file or creative: who has the same one has the same owner. */
  readonly owned: boolean;
  /** A campaign may have more than one ad in a pod, and not any number of them. */
  readonly capped: boolean;
}

const nobody = classOf([]);
/** [class]: its place among the lists of the field that was made last, if it is one of them. */
const placeOfList: number[] = [];
export function fieldOf(candidates: readonly PodCandidate[], rules: PodRules): Field {
  beginNames();
  // All before any: who comes later may show that somebody before is not alone.
  const placesOfAll = candidates.map(placesOf);
  const { allowDuplicateAdvertisers: repeating, separation } = rules;
  const lists: CategoryClass[] = [];
  let owners = 0;
  let owned = true;
  let campaigns = 0;
  const capped = repeating && candidates.some(({ podMax }) => podMax !== null && podMax < rules.maxAds);
  const entries: Entry[] = [];
  for (let given = 0; given < candidates.length; given++) {
    const candidate = candidates[given] as PodCandidate;
    const places = placesOfAll[given] as (typeof placesOfAll)[number];
    const owner = repeating
      ? fileSetNames.first(places.fileSet, owners)
      : advertiserNames.first(places.advertiser, owners);
    if (owner === owners) owners += 1;
    if (!places.alone) {
      if (creativeNames.first(places.creative, owner) !== owner) owned = false;
      for (const file of places.media) if (mediaNames.first(file, owner) !== owner) owned = false;
      if (!repeating && campaignNames.first(places.campaign, owner) !== owner) owned = false;
    }
    const category = separation ? places.category : nobody;
    let list = placeOfList[category.index] ?? lists.length;
    if (lists[list] !== category) {
      list = lists.length;
      lists.push(category);
      placeOfList[category.index] = list;
    }
    const campaign = capped ? campaignNames.first(places.campaign, campaigns) : -1;
    if (campaign === campaigns) campaigns += 1;
    entries.push({ candidate, given, category, list, owner, campaign });
  }
  return { entries, lists, owners, owned, capped };
}

/** What conflicts.ts counts pair by pair, counted by owner and list of categories. */
export function conflictsIn({ entries, lists, owned, owners }: Field, rules: PodRules): number {
  if (!rules.separation) return 0;
  if (!owned)
    return countConflicts(
      entries.map(({ candidate }) => candidate),
      rules,
    );
  const pairs = competingPairs(entries, lists);
  if (entries.length <= few) return pairs - competingPairsOfOwners(entries, owners);
  const ads = new Uint32Array(owners);
  for (const { owner } of entries) ads[owner] = (ads[owner] as number) + 1;
  const several = entries.filter(({ owner }) => (ads[owner] as number) > 1);
  const byOwner = Map.groupBy(several, ({ owner }) => owner);
  return byOwner.values().reduce((left, own) => left - competingPairs(own, lists), pairs);
}

/** Pairs of entries whose lists compete, of one list too: a list competes with itself unless it is empty. */
function competingPairs(entries: readonly Entry[], lists: readonly CategoryClass[]): number {
  const counts: number[] = [];
  const present: number[] = [];
  for (const { list } of entries) {
    const count = counts[list] ?? 0;
    if (count === 0) present.push(list);
    counts[list] = count + 1;
  }
  let pairs = 0;
  for (let a = 0; a < present.length; a++) {
    const one = present[a] as number;
    const category = lists[one] as CategoryClass;
    if (category.categories.length === 0) continue;
    const size = counts[one] as number;
    pairs += (size * (size - 1)) / 2;
    for (let b = 0; b < a; b++) {
      const other = present[b] as number;
      if (competes(category, lists[other] as CategoryClass)) pairs += size * (counts[other] as number);
    }
  }
  return pairs;
}

/** Up to so many candidates nobody is cut, and an owner's ads are compared pair by pair: counting would take longer. */
export const few = 64;
const newest = new Int32Array(few);
const before = new Int32Array(few);

function competingPairsOfOwners(entries: readonly Entry[], owners: number): number {
  newest.fill(-1, 0, owners);
  let pairs = 0;
  for (let at = 0; at < entries.length; at++) {
    const { owner, category } = entries[at] as Entry;
    const last = newest[owner] as number;
    before[at] = last;
    newest[owner] = at;
    if (category.categories.length === 0) continue;
    for (let other = last; other >= 0; other = before[other] as number) {
      if (competes(category, (entries[other] as Entry).category)) pairs += 1;
    }
  }
  return pairs;
}

function compareEntries(a: Entry, b: Entry): number {
  return compareCandidates(a.candidate, b.candidate) || a.given - b.given;
}

const sortable = 2_048;
const keys = new Float64Array(sortable);
const scoreMax = 2 ** 40;

/** In the order of candidates. All but many are sorted as numbers: tier, score and place among the given in one. */
export function sortedEntries(entries: readonly Entry[]): readonly Entry[] {
  const count = entries.length;
  if (count > sortable) return entries.toSorted(compareEntries);
  for (let at = 0; at < count; at++) {
    const { tier, scoreMicros } = (entries[at] as Entry).candidate;
    if (!Number.isInteger(scoreMicros) || scoreMicros < 0 || scoreMicros >= scoreMax)
      return entries.toSorted(compareEntries);
    const rank = tier === 'standard' ? 1 : tier === 'house' ? 2 : 0;
    keys[at] = ((rank + 1) * scoreMax - scoreMicros) * sortable + at;
  }
  keys.subarray(0, count).sort();
  const sorted: Entry[] = [];
  let tie = false;
  let last = -1;
  for (let at = 0; at < count; at++) {
    const key = keys[at] as number;
    const kind = Math.floor(key / sortable);
    tie ||= kind === last;
    last = kind;
    sorted.push(entries[key - kind * sortable] as Entry);
  }
  return tie ? sorted.sort(compareEntries) : sorted;
}
