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
  metSoFar,
  placesOf,
} from './places.ts';
import { type PodCandidate, type PodRules, tiers } from './pod.ts';

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
  const before = metSoFar();
  const field = readField(candidates, rules);
  // Whoever was read before is not alone after all.
  return metSoFar() === before ? field : readField(candidates, rules);
}

function readField(candidates: readonly PodCandidate[], rules: PodRules): Field {
  beginNames();
  const { allowDuplicateAdvertisers: repeating, separation } = rules;
  const lists: CategoryClass[] = [];
  let owners = 0;
  let owned = true;
  let campaigns = 0;
  const capped = repeating && candidates.some(({ podMax }) => podMax !== null && podMax < rules.maxAds);
  const entries: Entry[] = [];
  for (let given = 0; given < candidates.length; given++) {
    const candidate = candidates[given] as PodCandidate;
    const places = placesOf(candidate);
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
  const byOwner: Entry[][] = Array.from({ length: owners }, () => []);
  for (const entry of entries) byOwner[entry.owner]?.push(entry);
  return byOwner.reduce((left, own) => left - (own.length < 2 ? 0 : competingPairs(own, lists)), pairs);
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
const few = 64;
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

/**
 * The candidates that can be in the pod that the plain solver finds, in its order. Who is cut could give its place to somebody
 * before it of the same length, tier and place, and the pod would be better, or as good and earlier in the order. Let x be in a pod with
 * at most m = maxAds − 1 others, and let y come before x by (quality for user_experience, then) the order of candidates, so that
 * y is worth no less. y can take x's place, length and all, where none of the others keeps y out. That one of several such y can is sure
 *
 * 1. for any y of x's owner and list of categories: the others are no competitors of x, hence none of y, and not y itself;
 * 2. for one of m + 1 of x's list but of different owners: each of the others keeps out one owner;
 * 3. for one of 2m + 1 of different owners and of lists no two of which are connected by competition: each of the others
 *    keeps out one owner and one such connected group. Apart by seconds is then no question either: y competes with nobody.
 *
 * In 1 and 2, x and y compete with the same ads, so they have to be as far apart from the same. All of it rests on `owned`. Where
 * campaigns have caps, each of the others may keep out one campaign more: 1 holds for y of x's campaign and cap, 2 for one of 2m + 1
 * and 3 for one of 3m + 1 of different campaigns. Of `uncut` candidates nobody is cut: it is not worth the while.
 */
export function contenders(field: Field, rules: PodRules, uncut = few): readonly Entry[] {
  if (!field.owned || field.entries.length <= uncut) return sortedEntries(field.entries);
  const sorted = bestOfEach(field.entries, rules).sort(compareEntries);
  const groups = groupsOf(sorted);
  const others = Math.max(0, Math.min(rules.maxAds, adsThatFit(sorted, rules)) - 1);
  const keptOut = field.capped ? 2 : 1;
  const seen = new Map<number, Seen>();
  const kept = new Set<Entry>();
  for (const entry of byDominance(sorted, rules)) {
    const { candidate, category } = entry;
    const kind = kindOf(candidate);
    const before = seen.get(kind) ?? { lists: new Map(), all: new Different(), groups: new Set() };
    seen.set(kind, before);
    if (before.all.count > (keptOut + 1) * others) continue;
    const list = before.lists.get(category) ?? new Different();
    before.lists.set(category, list);
    if (list.count > keptOut * others) continue;
    list.add(entry);
    kept.add(entry);
    const group = groups.get(category) ?? -1;
    if (group >= 0 && before.groups.has(group)) continue;
    if (before.all.add(entry) && group >= 0) before.groups.add(group);
  }
  return sorted.filter((entry) => kept.has(entry));
}

/** Who may take whose place in a pod: one length, one tier, one wish. */
function kindOf({ durationSeconds, tier, place }: PodCandidate): number {
  return 9 * durationSeconds + 3 * tiers.indexOf(tier) + (place === null ? 0 : place === 'first' ? 1 : 2);
}

function compareEntries(a: Entry, b: Entry): number {
  return compareCandidates(a.candidate, b.candidate) || a.given - b.given;
}

const keys = new Float64Array(few);
const scoreMax = 2 ** 40;

/** In the order of candidates. Few are sorted as numbers: tier, score and place among the given in one. */
function sortedEntries(entries: readonly Entry[]): readonly Entry[] {
  const count = entries.length;
  if (count > few) return entries.toSorted(compareEntries);
  for (let at = 0; at < count; at++) {
    const { tier, scoreMicros } = (entries[at] as Entry).candidate;
    if (!Number.isInteger(scoreMicros) || scoreMicros < 0 || scoreMicros >= scoreMax)
      return entries.toSorted(compareEntries);
    const rank = tier === 'standard' ? 1 : tier === 'house' ? 2 : 0;
    keys[at] = ((rank + 1) * scoreMax - scoreMicros) * few + at;
  }
  keys.subarray(0, count).sort();
  const sorted: Entry[] = [];
  let tie = false;
  let last = -1;
  for (let at = 0; at < count; at++) {
    const key = keys[at] as number;
    const kind = Math.floor(key / few);
    tie ||= kind === last;
    last = kind;
    sorted.push(entries[key - kind * few] as Entry);
  }
  return tie ? sorted.sort(compareEntries) : sorted;
}

/** What has been kept of one length, tier and place. */
interface Seen {
  readonly lists: Map<CategoryClass, Different>;
  /** Of those no two of which are connected by competition, and the groups that they are of. */
  readonly all: Different;
  readonly groups: Set<number>;
}

/** Counts entries of different owners, and of different campaigns where those have caps. */
class Different {
  readonly #owners = new Set<number>();
  readonly #campaigns = new Set<number>();

  get count(): number {
    return this.#owners.size;
  }

  /** Whether it counts: it has neither in common with those before. */
  add({ owner, campaign }: Entry): boolean {
    if (this.#owners.has(owner) || this.#campaigns.has(campaign)) return false;
    this.#owners.add(owner);
    if (campaign >= 0) this.#campaigns.add(campaign);
    return true;
  }
}

/** The best of each kind, owner and list of categories (and campaign and cap), without sorting them all. */
function bestOfEach(entries: readonly Entry[], rules: PodRules): Entry[] {
  const best = new Map<number, Map<number, Entry>>();
  for (const entry of entries) {
    const { candidate, owner, category, campaign } = entry;
    const kind = campaign < 0 ? kindOf(candidate) : kindOf(candidate) * 64 + Math.min(candidate.podMax ?? 63, 63);
    const place = ((campaign + 1) * 65_536 + owner) * 65_536 + category.index;
    let ofKind = best.get(kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      best.set(kind, ofKind);
    }
    const held = ofKind.get(place);
    if (held === undefined || dominates(entry, held, rules)) ofKind.set(place, entry);
  }
  return [...best.values()].flatMap((ofKind) => [...ofKind.values()]);
}

function dominates({ candidate: a }: Entry, { candidate: b }: Entry, { objective }: PodRules): boolean {
  if (objective === 'user_experience' && a.qualityCenti !== b.qualityCenti) return a.qualityCenti > b.qualityCenti;
  return compareCandidates(a, b) < 0;
}

function byDominance(sorted: readonly Entry[], { objective }: PodRules): readonly Entry[] {
  if (objective !== 'user_experience') return sorted;
  return sorted.toSorted((a, b) => b.candidate.qualityCenti - a.candidate.qualityCenti);
}

function adsThatFit(entries: readonly Entry[], { durationSeconds }: PodRules): number {
  const shortest = entries.reduce((least, { candidate }) => Math.min(least, candidate.durationSeconds), Infinity);
  return Math.floor(durationSeconds / shortest);
}

/** Lists of categories that are connected by competition, by the number of their group; −1: competes with nobody. */
function groupsOf(entries: readonly Entry[]): ReadonlyMap<CategoryClass, number> {
  const groups = new Map<CategoryClass, number>();
  for (const { category } of entries) if (!groups.has(category)) groups.set(category, -1);
  const classes = [...groups.keys()].filter(({ categories }) => categories.length > 0);
  let next = 0;
  for (const first of classes) {
    if (groups.get(first) !== -1) continue;
    const queue = [first];
    groups.set(first, next);
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      for (const other of classes) {
        if (groups.get(other) !== -1 || !competes(one, other)) continue;
        groups.set(other, next);
        queue.push(other);
      }
    }
    next += 1;
  }
  return groups;
}
