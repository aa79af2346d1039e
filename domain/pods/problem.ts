import { competes } from './competition.ts';
import type { Entry, Field } from './field.ts';
import { type KeepOut, keepOutOf } from './keep-out.ts';
import { arrange, inPlace, type NodeCounter } from './order.ts';
import type { PodRules } from './pod.ts';
import type { Worths } from './worth.ts';

/** Where each tier begins among the entries, and the end. */
export type Starts = readonly [guaranteed: number, standard: number, house: number, end: number];

/** A worth by tier, compared from left to right. */
export type Worth = readonly [guaranteed: number, standard: number, house: number];

/** A pod and its worth; `order`: entries in playing order. */
export interface Best {
  readonly order: readonly number[];
  readonly worth: Worth;
}

/** Positive if a is worth more. */
export function compareWorths(a: Worth, b: Worth): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** What is asked: entries in the order of candidates, and the pod that is being put together from them. */
export class Problem {
  readonly entries: readonly Entry[];
  readonly worths: Worths;
  readonly rules: PodRules;
  /** The most ads that a pod can have. */
  readonly slots: number;
  readonly seconds: Int32Array;
  readonly starts: Starts;
  /** Indices of the entries chosen so far. */
  readonly chosen: number[] = [];
  readonly #keepOut: KeepOut;
  /** [ads chosen]: a bit for each entry that they keep out. */
  readonly #blocked: Int32Array;
  readonly #capped: boolean;
  readonly #placed: boolean;

  constructor(entries: readonly Entry[], field: Field, worths: Worths, rules: PodRules, slots: number) {
    this.entries = entries;
    this.worths = worths;
    this.rules = rules;
    this.slots = slots;
    const count = entries.length;
    this.seconds = new Int32Array(count);
    let placed = false;
    let standard = 0;
    let house = 0;
    for (let index = 0; index < count; index++) {
      const { durationSeconds, tier, place } = (entries[index] as Entry).candidate;
      this.seconds[index] = durationSeconds;
      placed ||= place !== null;
      if (tier === 'guaranteed') standard = index + 1;
      if (tier !== 'house') house = index + 1;
    }
    this.starts = [0, standard, house, count];
    this.#placed = placed;
    this.#keepOut = keepOutOf(entries, field, rules);
    this.#blocked = new Int32Array((slots + 1) * this.#keepOut.words);
    this.#capped = field.capped;
  }

  tierOf(index: number): 0 | 1 | 2 {
    return index < this.starts[1] ? 0 : index < this.starts[2] ? 1 : 2;
  }

  /** What it would add now. */
  worthOf(index: number): number {
    const { values, fatigue, houseFatigue } = this.worths;
    const tired = index < this.starts[2] ? fatigue : houseFatigue;
    return (values[index] as number) - (tired[this.slots - this.chosen.length] as number);
  }

  /** A worth with what it would add now. */
  plus(worth: Worth, index: number): Worth {
    const tier = this.tierOf(index);
    const more = this.worthOf(index);
    return worth.map((part, at) => (at === tier ? part + more : part)) as unknown as Worth;
  }

  /** Whether what is chosen keeps it out. */
  isBlocked(index: number): boolean {
    const word = this.#blocked[this.chosen.length * this.#keepOut.words + (index >>> 5)] as number;
    if ((word & (1 << (index & 31))) !== 0) return true;
    return this.#capped && !this.#keepsCap(index);
  }

  /** Its campaign has room for one ad more beside what is chosen, as each of its ads has it. */
  #keepsCap(index: number): boolean {
    const { campaign, candidate } = this.entries[index] as Entry;
    let ads = 1;
    let most = candidate.podMax ?? Number.POSITIVE_INFINITY;
    for (const other of this.chosen) {
      const beside = this.entries[other] as Entry;
      if (beside.campaign !== campaign) continue;
      ads += 1;
      most = Math.min(most, beside.candidate.podMax ?? most);
    }
    return ads <= most;
  }

  choose(index: number): void {
    const { words, never } = this.#keepOut;
    const from = this.chosen.length * words;
    for (let word = 0; word < words; word++) {
      this.#blocked[from + words + word] =
        (this.#blocked[from + word] as number) | (never[index * words + word] as number);
    }
    this.chosen.push(index);
  }

  /** Whether what is chosen is a pod, if it can be put in order. */
  isPod(secondsLeft: number): boolean {
    return this.chosen.length >= this.rules.minAds && (secondsLeft === 0 || !this.rules.exactDuration);
  }

  /** In order but for who wants a place; null: two want the same one. */
  inPlace(): readonly number[] | null {
    if (!this.#placed) return [...this.chosen];
    return inPlace(this.chosen.map((index) => this.#toPlace(index)))?.map(({ index }) => index) ?? null;
  }

  /** Null: competitors cannot be kept apart by enough seconds. */
  playingOrder(counter: NodeCounter): readonly number[] | null {
    const { separation, minSeparationSeconds } = this.rules;
    if (!separation || minSeparationSeconds === null) return this.inPlace();
    const ads = this.chosen.map((index) => this.#toPlace(index));
    const arranged = arrange(ads, (a, b) => competes(a.category, b.category), minSeparationSeconds, counter);
    return arranged?.map(({ index }) => index) ?? null;
  }

  #toPlace(index: number) {
    const { candidate, category } = this.entries[index] as Entry;
    return { index, category, durationSeconds: candidate.durationSeconds, place: candidate.place };
  }
}
