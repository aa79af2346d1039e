import { keepsCaps } from './backups.ts';
import { competes } from './competition.ts';
import { type Entry, type Field, hasCaps } from './field.ts';
import { type KeepOut, keepOutOf } from './keep-out.ts';
import { arrange, inPlace, type NodeCounter } from './order.ts';
import type { PodRules } from './pod.ts';
import { TableMemory } from './suffix-table.ts';
import { ToCome } from './to-come.ts';
import { firstOf, type Worths } from './worth.ts';

/** What a search found: ads in playing order, none where there is no pod. */
export interface Found {
  readonly best: readonly Entry[];
  readonly value: number;
  readonly bound: number;
  readonly exact: boolean;
  readonly nodes: number;
}

/** A pod, by its worth in each tier; `order`: entries in playing order. */
interface Best {
  readonly order: readonly number[];
  readonly guaranteed: number;
  readonly standard: number;
  readonly house: number;
}

const memories = { guaranteed: new TableMemory(), standard: new TableMemory(), house: new TableMemory() };

/**
 * Depth first in the order of the entries, leaving out what the best that is still to come (`ToCome`) says cannot reach the best pod
 * so far, of which the first is found greedily.
 */
export class Search {
  readonly #entries: readonly Entry[];
  readonly #worths: Worths;
  readonly #rules: PodRules;
  readonly #slots: number;
  readonly #firstStandard: number;
  readonly #firstHouse: number;
  readonly #toCome: ToCome;
  readonly #keepOut: KeepOut;
  /** [ads chosen]: a bit for each entry that they keep out. */
  readonly #blocked: Int32Array;
  readonly #capped: boolean;
  readonly #placed: boolean;
  readonly #seconds: Int32Array;
  readonly #chosen: number[] = [];
  readonly #counter: NodeCounter;
  #best: Best | null = null;
  /** Found by the search itself, so that it is the first of its worth; else it is a greedy one. */
  #found = false;
  /** The most that what was left unsearched could be worth. */
  #open = Number.NEGATIVE_INFINITY;

  constructor(entries: readonly Entry[], field: Field, worths: Worths, rules: PodRules, slots: number) {
    this.#entries = entries;
    this.#worths = worths;
    this.#rules = rules;
    this.#slots = slots;
    this.#counter = { limit: rules.nodeLimit, nodes: 0, spent: false };
    const count = entries.length;
    this.#seconds = new Int32Array(count);
    let placed = false;
    let standard = 0;
    let house = 0;
    for (let index = 0; index < count; index++) {
      const { durationSeconds, tier, place } = (entries[index] as Entry).candidate;
      this.#seconds[index] = durationSeconds;
      placed ||= place !== null;
      if (tier === 'guaranteed') standard = index + 1;
      if (tier !== 'house') house = index + 1;
    }
    this.#placed = placed;
    this.#firstStandard = standard;
    this.#firstHouse = house;
    const starts = [0, standard, house, count] as const;
    this.#toCome = new ToCome(this.#seconds, worths, starts, rules, slots, memories);
    this.#keepOut = keepOutOf(entries, field, rules);
    this.#blocked = new Int32Array((slots + 1) * this.#keepOut.words);
    this.#capped = hasCaps(entries, rules);
  }

  run(): Found {
    this.#seed();
    this.#visit(0, this.#rules.durationSeconds, 0, 0, 0);
    const best = this.#best;
    const value = best === null ? 0 : firstOf(best.guaranteed + best.standard, this.#worths);
    const { spent, nodes } = this.#counter;
    return {
      best: (best?.order ?? []).map((index) => this.#entries[index] as Entry),
      value,
      bound: spent ? Math.max(value, this.#open) : value,
      exact: !spent,
      nodes,
    };
  }

  #isBlocked(index: number): boolean {
    const word = this.#blocked[this.#chosen.length * this.#keepOut.words + (index >>> 5)] as number;
    if ((word & (1 << (index & 31))) !== 0) return true;
    return this.#capped && !keepsCaps([...this.#chosen, index].map((at) => (this.#entries[at] as Entry).candidate));
  }

  #choose(index: number): void {
    const { words, never } = this.#keepOut;
    const from = this.#chosen.length * words;
    for (let word = 0; word < words; word++) {
      this.#blocked[from + words + word] =
        (this.#blocked[from + word] as number) | (never[index * words + word] as number);
    }
    this.#chosen.push(index);
  }

  /** Pods to begin with: whoever the tables would take, or whoever fits, in order; competitors only where none are near. */
  #seed(): void {
    for (const choosy of [true, false]) {
      let left = this.#rules.durationSeconds;
      const worth = [0, 0, 0] as [number, number, number];
      for (let index = 0; index < this.#entries.length && this.#chosen.length < this.#slots; index++) {
        const seconds = this.#seconds[index] as number;
        if (seconds > left || this.#isBlocked(index) || this.#competesWithChosen(index)) continue;
        const more = this.#worth(index);
        if (choosy && !this.#toCome.wants(index, more, left, seconds, this.#slots - this.#chosen.length)) continue;
        worth[this.#tier(index)] += more;
        left -= seconds;
        this.#choose(index);
      }
      const [guaranteed, standard, house] = worth;
      if (this.#isPod(left) && this.#isBetter(guaranteed, standard, house)) {
        const order = this.#inPlace();
        if (order !== null) this.#best = { order, guaranteed, standard, house };
      }
      this.#chosen.length = 0;
    }
  }

  #tier(index: number): 0 | 1 | 2 {
    return index < this.#firstStandard ? 0 : index < this.#firstHouse ? 1 : 2;
  }

  #isPod(left: number): boolean {
    return this.#chosen.length >= this.#rules.minAds && (left === 0 || !this.#rules.exactDuration);
  }

  #worth(index: number): number {
    const { values, fatigue, houseFatigue } = this.#worths;
    const tired = index < this.#firstHouse ? fatigue : houseFatigue;
    return (values[index] as number) - (tired[this.#slots - this.#chosen.length] as number);
  }

  #competesWithChosen(index: number): boolean {
    if (!this.#rules.separation || this.#rules.minSeparationSeconds === null) return false;
    const { category } = this.#entries[index] as Entry;
    return this.#chosen.some((other) => competes(category, (this.#entries[other] as Entry).category));
  }

  /** Whether a pod of this worth would be taken: of two found by the search, the first of equal worth stays. −∞ is no pod. */
  #isBetter(guaranteed: number, standard: number, house: number): boolean {
    const best = this.#best;
    if (best === null) return guaranteed + standard + house > Number.NEGATIVE_INFINITY;
    if (guaranteed !== best.guaranteed) return guaranteed > best.guaranteed;
    if (standard !== best.standard) return standard > best.standard;
    return this.#found ? house > best.house : house >= best.house;
  }

  /** Whether what is chosen, with whoever may come from `index` on, could be taken. */
  #canReach(index: number, left: number, slots: number, guaranteed: number, standard: number, house: number): boolean {
    const { guaranteed: first, standard: second, house: third } = this.#toCome;
    if (index < this.#firstStandard) {
      const most = guaranteed + first.at(index, left, slots);
      return this.#isBetter(most, standard + second.most(left, slots), house + third.most(left, slots));
    }
    if (index < this.#firstHouse) {
      return this.#isBetter(guaranteed, standard + second.at(index, left, slots), house + third.most(left, slots));
    }
    return this.#isBetter(guaranteed, standard, house + third.at(index, left, slots));
  }

  /** Judges what is chosen, then everything that adds entries from `next` on. */
  #visit(next: number, left: number, guaranteed: number, standard: number, house: number): void {
    const slots = this.#slots - this.#chosen.length;
    const counter = this.#counter;
    if (counter.nodes >= counter.limit) counter.spent = true;
    else {
      counter.nodes += 1;
      if (this.#isPod(left) && this.#isBetter(guaranteed, standard, house)) this.#take(guaranteed, standard, house);
    }
    if (counter.spent) this.#leaveOpen(next, left, slots, guaranteed, standard);
    if (slots === 0) return;
    for (let index = next; index < this.#entries.length && !counter.spent; index++) {
      if (!this.#canReach(index, left, slots, guaranteed, standard, house)) return;
      const seconds = this.#seconds[index] as number;
      if (seconds > left || this.#isBlocked(index)) continue;
      const worth = this.#worth(index);
      const tier = this.#tier(index);
      const first = tier === 0 ? guaranteed + worth : guaranteed;
      const second = tier === 1 ? standard + worth : standard;
      const third = tier === 2 ? house + worth : house;
      if (!this.#canReach(index + 1, left - seconds, slots - 1, first, second, third)) continue;
      this.#choose(index);
      this.#visit(index + 1, left - seconds, first, second, third);
      this.#chosen.pop();
      if (counter.spent) this.#leaveOpen(index + 1, left, slots, guaranteed, standard);
    }
  }

  #leaveOpen(next: number, left: number, slots: number, guaranteed: number, standard: number): void {
    const most = guaranteed + standard + this.#toCome.paidMost(next, left, slots);
    this.#open = Math.max(this.#open, firstOf(most, this.#worths));
  }

  #take(guaranteed: number, standard: number, house: number): void {
    const order = this.#playingOrder();
    if (order === null) return;
    this.#best = { order, guaranteed, standard, house };
    this.#found = true;
  }

  #inPlace(): readonly number[] | null {
    if (!this.#placed) return [...this.#chosen];
    return inPlace(this.#chosen.map((index) => this.#toPlace(index)))?.map(({ index }) => index) ?? null;
  }

  #toPlace(index: number) {
    const { candidate, category } = this.#entries[index] as Entry;
    return { index, category, durationSeconds: candidate.durationSeconds, place: candidate.place };
  }

  /** Null: competitors cannot be kept apart by enough seconds. */
  #playingOrder(): readonly number[] | null {
    const { separation, minSeparationSeconds } = this.#rules;
    if (!separation || minSeparationSeconds === null) return this.#inPlace();
    const ads = this.#chosen.map((index) => this.#toPlace(index));
    const arranged = arrange(ads, (a, b) => competes(a.category, b.category), minSeparationSeconds, this.#counter);
    return arranged?.map(({ index }) => index) ?? null;
  }
}
