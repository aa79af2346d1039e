import { type CategoryClass, competes } from './competition.ts';
import { type Entry, type Field, few, sortedEntries } from './field.ts';
import { compareCandidates } from './order.ts';
import { type PodCandidate, type PodRules, tiers } from './pod.ts';

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
  const sorted = sortedEntries(bestOfEach(field.entries, rules));
  const groups = groupsOf(field.lists);
  const others = Math.max(0, Math.min(rules.maxAds, adsThatFit(sorted, rules)) - 1);
  const keptOut = field.capped ? 2 : 1;
  const seen = new Map<number, Seen>();
  const kept = new Uint8Array(field.entries.length);
  for (const entry of byDominance(sorted, rules)) {
    const kind = kindOf(entry.candidate);
    let before = seen.get(kind);
    if (before === undefined) {
      before = new Seen(field.lists.length);
      seen.set(kind, before);
    }
    if (before.apart > (keptOut + 1) * others || before.ofList(entry) > keptOut * others) continue;
    before.add(entry, groups[entry.list] as number);
    kept[entry.given] = 1;
  }
  return sorted.filter(({ given }) => kept[given] === 1);
}

/** What has been kept of one length, tier and place. */
class Seen {
  /** So many of different owners, campaigns under caps and groups. */
  apart = 0;
  readonly #owners: number[] = [];
  readonly #campaigns: number[] = [];
  readonly #groups: number[] = [];
  /** [list]: so many of different owners and campaigns under caps. */
  readonly #lists: Uint16Array;
  /** Of each list, campaigns under caps and their owners. */
  readonly #capped = new Set<string>();

  constructor(lists: number) {
    this.#lists = new Uint16Array(lists);
  }

  ofList({ list }: Entry): number {
    return this.#lists[list] as number;
  }

  add(entry: Entry, group: number): void {
    const { owner, campaign, list } = entry;
    if (this.#isNewInList(entry)) this.#lists[list] = (this.#lists[list] as number) + 1;
    if (this.#owners.includes(owner) || this.#campaigns.includes(campaign) || this.#groups.includes(group)) return;
    this.#owners.push(owner);
    if (campaign >= 0) this.#campaigns.push(campaign);
    if (group >= 0) this.#groups.push(group);
    this.apart += 1;
  }

  /** Without caps there is one of an owner and a list alone, see `bestOfEach`. */
  #isNewInList({ owner, campaign, list }: Entry): boolean {
    if (campaign < 0) return true;
    const [ofOwner, ofCampaign] = [`${list} ${owner}`, `${list} of ${campaign}`];
    if (this.#capped.has(ofOwner) || this.#capped.has(ofCampaign)) return false;
    this.#capped.add(ofOwner).add(ofCampaign);
    return true;
  }
}

/** Who may take whose place in a pod: one length, one tier, one wish. */
function kindOf({ durationSeconds, tier, place }: PodCandidate): number {
  return 9 * durationSeconds + 3 * tiers.indexOf(tier) + (place === null ? 0 : place === 'first' ? 1 : 2);
}

/** The best of each kind, owner and list of categories (and campaign and cap), without sorting them all. */
function bestOfEach(entries: readonly Entry[], rules: PodRules): Entry[] {
  const best = new Map<number, Map<number, Entry>>();
  for (const entry of entries) {
    const { candidate, owner, list, campaign } = entry;
    const kind = campaign < 0 ? kindOf(candidate) : kindOf(candidate) * 64 + Math.min(candidate.podMax ?? 63, 63);
    const place = ((campaign + 1) * 65_536 + owner) * 65_536 + list;
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

/** [list]: the number of its group of lists that are connected by competition; −1: it competes with nobody. */
function groupsOf(lists: readonly CategoryClass[]): Int32Array {
  const groups = new Int32Array(lists.length).fill(-1);
  const isFree = (list: number) => groups[list] === -1 && (lists[list] as CategoryClass).categories.length > 0;
  const queue: number[] = [];
  for (let first = 0, next = 0; first < lists.length; first++) {
    if (!isFree(first)) continue;
    groups[first] = next;
    for (let one: number | undefined = first; one !== undefined; one = queue.pop()) {
      for (let other = 0; other < lists.length; other++) {
        if (!isFree(other) || !competes(lists[one] as CategoryClass, lists[other] as CategoryClass)) continue;
        groups[other] = next;
        queue.push(other);
      }
    }
    next += 1;
  }
  return groups;
}
