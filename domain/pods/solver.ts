import { competes } from './competition.ts';
import { isDuplicate } from './conflicts.ts';
import { conflictsIn, contenders, type Entry, fieldOf } from './field.ts';
import { arrange, type NodeCounter } from './order.ts';
import { solvePod as solvePlainly } from './plain-solver.ts';
import type { PodAd, PodCandidate, PodRules, PodSolution } from './pod.ts';
import { SuffixTable, TableMemory } from './suffix-table.ts';
import { firstOf, type Worths, worthsOf } from './worth.ts';

/**
 * The best pod, the very one that the plain solver finds (its ads, order, value and conflicts), in microseconds. Who cannot be in it
 * is cut before (`contenders`); the rest is searched depth first in the plain solver's order, leaving out what a table of the best
 * that is still to come (`SuffixTable`) says cannot reach a pod found greedily before. At the node limit the answer is the best so
 * far, and `bound` is the most that the unsearched rest could be worth. Throws RangeError as the plain solver does.
 */
export function solvePod(candidates: readonly PodCandidate[], rules: PodRules): PodSolution {
  let shortest = Number.POSITIVE_INFINITY;
  for (const { durationSeconds: seconds, creativeId } of candidates) {
    if (!Number.isSafeInteger(seconds) || seconds < 1)
      throw new RangeError(`creative ${creativeId} lasts ${seconds} s`);
    shortest = Math.min(shortest, seconds);
  }
  const fitting = candidates.filter(({ durationSeconds }) => durationSeconds <= rules.durationSeconds);
  const field = fieldOf(candidates, rules);
  const conflicts = conflictsIn(field, rules);
  const whole = fitting.length === candidates.length ? field : fieldOf(fitting, rules);
  const entries = contenders(whole, rules);
  const slots = Math.max(0, Math.min(rules.maxAds, Math.floor(rules.durationSeconds / shortest)));
  const worths = worthsOf(entries, rules, slots);
  if (worths === null) return solvePlainly(candidates, rules);
  return { ...new Search(entries, whole.owned, worths, rules, slots).run(), conflicts };
}

const standardMemory = new TableMemory();
const houseMemory = new TableMemory();

/** Ads in playing order, as indices. */
interface Best {
  readonly order: readonly number[];
  readonly standard: number;
  readonly house: number;
}

class Search {
  readonly #entries: readonly Entry[];
  readonly #owned: boolean;
  readonly #worths: Worths;
  readonly #rules: PodRules;
  readonly #slots: number;
  /** Standard entries come first. */
  readonly #firstHouse: number;
  readonly #standardToCome: SuffixTable;
  readonly #houseToCome: SuffixTable;
  readonly #words: number;
  /** [entry]: a bit for each entry that it keeps out of the pod. */
  readonly #never: Int32Array;
  /** [ads chosen]: a bit for each entry that they keep out. */
  readonly #blocked: Int32Array;
  readonly #chosen: number[] = [];
  readonly #counter: NodeCounter;
  #best: Best | null = null;
  /** Found by the search itself, so that it is the first of its worth; else it is a greedy one. */
  #found = false;
  /** The most that what was left unsearched could be worth. */
  #open = Number.NEGATIVE_INFINITY;

  constructor(entries: readonly Entry[], owned: boolean, worths: Worths, rules: PodRules, slots: number) {
    this.#entries = entries;
    this.#owned = owned;
    this.#worths = worths;
    this.#rules = rules;
    this.#slots = slots;
    this.#counter = { limit: rules.nodeLimit, nodes: 0, spent: false };
    const house = entries.findIndex(({ candidate }) => candidate.house);
    const count = entries.length;
    this.#firstHouse = house < 0 ? count : house;
    const seconds = rules.durationSeconds;
    this.#standardToCome = new SuffixTable(entries, worths, [0, this.#firstHouse], seconds, slots, standardMemory);
    this.#houseToCome = new SuffixTable(entries, worths, [this.#firstHouse, count], seconds, slots, houseMemory);
    this.#words = (count + 31) >>> 5;
    this.#never = new Int32Array(count * this.#words);
    this.#blocked = new Int32Array((slots + 1) * this.#words);
    this.#keepOut();
  }

  run(): Omit<PodSolution, 'conflicts'> {
    this.#seed();
    this.#visit(0, this.#rules.durationSeconds, 0, 0);
    const ads: PodAd[] = [];
    let filledSeconds = 0;
    for (const index of this.#best?.order ?? []) {
      const { candidate } = this.#entries[index] as Entry;
      ads.push({ candidate, startSeconds: filledSeconds });
      filledSeconds += candidate.durationSeconds;
    }
    const value = this.#best === null ? 0 : firstOf(this.#best.standard, this.#worths);
    const { spent, nodes } = this.#counter;
    const bound = spent ? Math.max(value, firstOf(this.#open, this.#worths)) : value;
    return { ads, filledSeconds, value, bound, exact: !spent, nodes };
  }

  #keepOut(): void {
    const { separation, minSeparationSeconds } = this.#rules;
    const apart = separation && minSeparationSeconds === null;
    const owned = this.#owned;
    const entries = this.#entries;
    for (let a = 0; a < entries.length; a++) {
      const one = entries[a] as Entry;
      for (let b = 0; b < a; b++) {
        const other = entries[b] as Entry;
        const duplicate = owned ? one.owner === other.owner : isDuplicate(one.candidate, other.candidate, this.#rules);
        if (!duplicate && !(apart && competes(one.category, other.category))) continue;
        this.#keep(a, b);
        this.#keep(b, a);
      }
    }
  }

  #keep(a: number, b: number): void {
    const word = a * this.#words + (b >>> 5);
    this.#never[word] = (this.#never[word] as number) | (1 << (b & 31));
  }

  #isBlocked(index: number): boolean {
    const word = this.#blocked[this.#chosen.length * this.#words + (index >>> 5)] as number;
    return (word & (1 << (index & 31))) !== 0;
  }

  #choose(index: number): void {
    const words = this.#words;
    const from = this.#chosen.length * words;
    for (let word = 0; word < words; word++) {
      this.#blocked[from + words + word] =
        (this.#blocked[from + word] as number) | (this.#never[index * words + word] as number);
    }
    this.#chosen.push(index);
  }

  /** A pod to begin with: whoever the tables would take, or whoever fits, in order; competitors only where none are near. */
  #seed(): void {
    for (const choosy of [true, false]) {
      let left = this.#rules.durationSeconds;
      let standard = 0;
      let house = 0;
      for (let index = 0; index < this.#entries.length && this.#chosen.length < this.#slots; index++) {
        const seconds = (this.#entries[index] as Entry).candidate.durationSeconds;
        if (seconds > left || this.#isBlocked(index) || this.#competesWithChosen(index)) continue;
        const worth = this.#worth(index);
        if (choosy && !this.#isWanted(index, left, seconds, worth)) continue;
        if (index < this.#firstHouse) standard += worth;
        else house += worth;
        left -= seconds;
        this.#choose(index);
      }
      const { length } = this.#chosen;
      if (length >= this.#rules.minAds && this.#isBetter(standard, house)) {
        this.#best = { order: [...this.#chosen], standard, house };
      }
      this.#chosen.length = 0;
    }
  }

  #worth(index: number): number {
    return (this.#worths.values[index] as number) - (this.#worths.fatigue[this.#slots - this.#chosen.length] as number);
  }

  #isWanted(index: number, left: number, seconds: number, worth: number): boolean {
    const table = index < this.#firstHouse ? this.#standardToCome : this.#houseToCome;
    const slots = this.#slots - this.#chosen.length;
    return worth + table.at(index + 1, left - seconds, slots - 1) >= table.at(index + 1, left, slots);
  }

  #competesWithChosen(index: number): boolean {
    if (!this.#rules.separation || this.#rules.minSeparationSeconds === null) return false;
    const { category } = this.#entries[index] as Entry;
    return this.#chosen.some((other) => competes(category, (this.#entries[other] as Entry).category));
  }

  /** Whether a pod of this worth would be taken: of two found by the search, the first of equal worth stays. */
  #isBetter(standard: number, house: number): boolean {
    const best = this.#best;
    if (best === null || standard > best.standard) return true;
    if (standard < best.standard) return false;
    return this.#found ? house > best.house : house >= best.house;
  }

  /** Judges what is chosen, then everything that adds entries from `next` on. */
  #visit(next: number, left: number, standard: number, house: number): void {
    const { length } = this.#chosen;
    const slots = this.#slots - length;
    const counter = this.#counter;
    if (counter.nodes >= counter.limit) counter.spent = true;
    else {
      counter.nodes += 1;
      if (length >= this.#rules.minAds && this.#isBetter(standard, house)) this.#take(standard, house);
    }
    if (counter.spent) this.#leaveOpen(next, left, slots, standard);
    if (slots === 0) return;
    for (let index = next; index < this.#entries.length && !counter.spent; index++) {
      const standardBound = standard + this.#standardToCome.at(index, left, slots);
      if (!this.#isBetter(standardBound, house + this.#houseToCome.at(index, left, slots))) return;
      const seconds = (this.#entries[index] as Entry).candidate.durationSeconds;
      if (seconds > left || this.#isBlocked(index)) continue;
      const worth = this.#worth(index);
      const isHouse = index >= this.#firstHouse;
      const nextStandard = isHouse ? standard : standard + worth;
      const nextHouse = isHouse ? house + worth : house;
      const reach = nextStandard + this.#standardToCome.at(index + 1, left - seconds, slots - 1);
      if (!this.#isBetter(reach, nextHouse + this.#houseToCome.at(index + 1, left - seconds, slots - 1))) continue;
      this.#choose(index);
      this.#visit(index + 1, left - seconds, nextStandard, nextHouse);
      this.#chosen.pop();
      if (counter.spent) this.#leaveOpen(index + 1, left, slots, standard);
    }
  }

  #leaveOpen(next: number, left: number, slots: number, standard: number): void {
    this.#open = Math.max(this.#open, standard + this.#standardToCome.at(next, left, slots));
  }

  #take(standard: number, house: number): void {
    const order = this.#playingOrder();
    if (order === null) return;
    this.#best = { order, standard, house };
    this.#found = true;
  }

  /** Null: competitors cannot be kept apart by enough seconds. */
  #playingOrder(): readonly number[] | null {
    const { separation, minSeparationSeconds } = this.#rules;
    if (!separation || minSeparationSeconds === null) return [...this.#chosen];
    const ads = this.#chosen.map((index) => {
      const entry = this.#entries[index] as Entry;
      return { index, entry, durationSeconds: entry.candidate.durationSeconds };
    });
    const mustBeApart = (a: { entry: Entry }, b: { entry: Entry }) => competes(a.entry.category, b.entry.category);
    const arranged = arrange(ads, mustBeApart, minSeparationSeconds, this.#counter);
    return arranged?.map(({ index }) => index) ?? null;
  }
}
