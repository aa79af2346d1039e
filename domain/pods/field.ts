import { type CategoryClass, classOf, competes, forgetIfMany } from './competition.ts';
import { countConflicts } from './conflicts.ts';
import { compareCandidates } from './order.ts';
import type { PodCandidate, PodRules } from './pod.ts';

/** One candidate with its texts as numbers. */
export interface Entry {
  readonly candidate: PodCandidate;
  /** Its place among the given: the last word where the order of candidates has none. */
  readonly given: number;
  /** Its list of categories, or where competitors may stand anywhere one for all. */
  readonly category: CategoryClass;
  /** Of whom one pod holds at most one ad: the advertiser, or the media file where advertisers may repeat. */
  readonly owner: number;
}

/** The candidates of one pod, and how they keep each other out. */
export interface Field {
  readonly entries: readonly Entry[];
  /** Nobody of another owner is kept out by campaign, media file or creative: who has the same one has the same owner. */
  readonly owned: boolean;
}

const nobody = classOf([]);

export function fieldOf(candidates: readonly PodCandidate[], rules: PodRules): Field {
  forgetIfMany();
  const { allowDuplicateAdvertisers: repeating, separation } = rules;
  const numbers = new Map<string, number>();
  const ofCampaign = new Map<string, number>();
  const ofCreative = new Map<string, number>();
  const ofMedia = new Map<string, number>();
  let owned = true;
  const entries = candidates.map((candidate, given): Entry => {
    const name = repeating ? candidate.mediaUrl : candidate.advertiserId;
    const owner = remembered(numbers, name, numbers.size);
    if (remembered(ofCreative, candidate.creativeId, owner) !== owner) owned = false;
    if (!repeating && remembered(ofMedia, candidate.mediaUrl, owner) !== owner) owned = false;
    if (!repeating && remembered(ofCampaign, candidate.campaignId, owner) !== owner) owned = false;
    return { candidate, given, category: separation ? classOf(candidate.categories) : nobody, owner };
  });
  return { entries, owned };
}

/** What is kept under the text, which is `first` where nothing was. */
function remembered(kept: Map<string, number>, text: string, first: number): number {
  const known = kept.get(text);
  if (known !== undefined) return known;
  kept.set(text, first);
  return first;
}

/** What conflicts.ts counts pair by pair, counted by owner and list of categories. */
export function conflictsIn({ entries, owned }: Field, rules: PodRules): number {
  if (!rules.separation) return 0;
  if (!owned)
    return countConflicts(
      entries.map(({ candidate }) => candidate),
      rules,
    );
  if (entries.length <= pairwiseMax) return pairByPair(entries);
  const all = new Map<CategoryClass, number>();
  const byOwner: Map<CategoryClass, number>[] = [];
  for (const { category, owner } of entries) {
    if (category.categories.length === 0) continue;
    all.set(category, (all.get(category) ?? 0) + 1);
    byOwner[owner] ??= new Map();
    const own = byOwner[owner];
    own.set(category, (own.get(category) ?? 0) + 1);
  }
  let pairs = competingPairs(all);
  for (const own of byOwner) if (own !== undefined) pairs -= competingPairs(own);
  return pairs;
}

/** Up to here looking at each pair is quicker than counting who is of which list. */
const pairwiseMax = 64;

function pairByPair(entries: readonly Entry[]): number {
  const competing = entries.filter(({ category }) => category.categories.length > 0);
  let pairs = 0;
  for (let a = 1; a < competing.length; a++) {
    const { owner, category } = competing[a] as Entry;
    for (let b = 0; b < a; b++) {
      const other = competing[b] as Entry;
      if (other.owner !== owner && competes(category, other.category)) pairs += 1;
    }
  }
  return pairs;
}

function competingPairs(sizes: ReadonlyMap<CategoryClass, number>): number {
  let pairs = 0;
  const classes = [...sizes];
  for (let a = 0; a < classes.length; a++) {
    const [one, size] = classes[a] as [CategoryClass, number];
    pairs += (size * (size - 1)) / 2;
    for (let b = a + 1; b < classes.length; b++) {
      const [other, others] = classes[b] as [CategoryClass, number];
      if (competes(one, other)) pairs += size * others;
    }
  }
  return pairs;
}

/**
 * The candidates that can be in the pod that the plain solver finds, in its order. Who is cut could give its place to somebody
 * before it of the same length and tier, and the pod would be better, or as good and earlier in the order. Let x be in a pod with
 * at most m = maxAds − 1 others, and let y come before x by (quality for user_experience, then) the order of candidates, so that
 * y is worth no less. y can take x's place, length and all, where none of the others keeps y out. That one of several such y can is sure
 *
 * 1. for any y of x's owner and list of categories: the others are no competitors of x, hence none of y, and not y itself;
 * 2. for one of m + 1 of x's list but of different owners: each of the others keeps out one owner;
 * 3. for one of 2m + 1 of different owners and of lists no two of which are connected by competition: each of the others
 *    keeps out one owner and one such connected group. Apart by seconds is then no question either: y competes with nobody.
 *
 * In 1 and 2, x and y compete with the same ads, so they have to be as far apart from the same. All of it rests on `owned`: without it
 * nobody is cut, nor of `few` candidates, whom to cut is not worth the while.
 */
export function contenders(field: Field, rules: PodRules, few = 64): readonly Entry[] {
  const cutting = field.owned && field.entries.length > few;
  const sorted = cutting ? bestOfEach(field.entries, rules) : [...field.entries];
  sorted.sort((a, b) => compareCandidates(a.candidate, b.candidate) || a.given - b.given);
  if (!cutting) return sorted;
  const groups = groupsOf(sorted);
  const others = Math.max(0, Math.min(rules.maxAds, adsThatFit(sorted, rules)) - 1);
  const seen = new Map<number, Seen>();
  const kept = new Set<Entry>();
  for (const entry of byDominance(sorted, rules)) {
    const { candidate, category, owner } = entry;
    const kind = 2 * candidate.durationSeconds + (candidate.house ? 1 : 0);
    const before = seen.get(kind) ?? { listOwners: new Map(), owners: new Set(), groups: new Set(), apart: 0 };
    seen.set(kind, before);
    if (before.apart > 2 * others) continue;
    const listOwners = before.listOwners.get(category) ?? new Set<number>();
    before.listOwners.set(category, listOwners);
    if (listOwners.size > others) continue;
    listOwners.add(owner);
    kept.add(entry);
    const group = groups.get(category) ?? -1;
    if (before.owners.has(owner) || (group >= 0 && before.groups.has(group))) continue;
    before.owners.add(owner);
    if (group >= 0) before.groups.add(group);
    before.apart += 1;
  }
  return sorted.filter((entry) => kept.has(entry));
}

/** What has been kept of one length and tier. */
interface Seen {
  readonly listOwners: Map<CategoryClass, Set<number>>;
  /** Owners and groups of those that share neither with each other, and how many they are. */
  readonly owners: Set<number>;
  readonly groups: Set<number>;
  apart: number;
}

/** Of each length, tier, owner and list of categories the best, without sorting them all. */
function bestOfEach(entries: readonly Entry[], rules: PodRules): Entry[] {
  const best = new Map<number, Map<number, Entry>>();
  for (const entry of entries) {
    const { durationSeconds, house } = entry.candidate;
    const kind = 2 * durationSeconds + (house ? 1 : 0);
    const place = entry.owner * 65_536 + entry.category.index;
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
