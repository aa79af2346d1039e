import { competes } from './competition.ts';
import type { Entry } from './field.ts';
import type { NodeCounter } from './order.ts';
import type { Best, Problem } from './problem.ts';
import { TableMemory } from './suffix-table.ts';
import { ToCome } from './to-come.ts';

/** What a search found. */
export interface Found {
  /** Null: no pod. */
  readonly best: Best | null;
  /** Null: everything was searched, and there is none better. Else the most that paid ads of the unsearched rest could be worth. */
  readonly open: number | null;
  readonly nodes: number;
}

const memories = { guaranteed: new TableMemory(), standard: new TableMemory(), house: new TableMemory() };

/**
 * Depth first in the order of the entries, leaving out what the best that is still to come (`ToCome`) says cannot reach the best pod
 * so far, of which the first is found greedily.
 */
export class Search {
  readonly #problem: Problem;
  readonly #toCome: ToCome;
  readonly #counter: NodeCounter;
  #best: Best | null = null;
  /** Found by the search itself, so that it is the first of its worth; else it is a greedy one. */
  #found = false;
  /** The most that what was left unsearched could be worth. */
  #open = Number.NEGATIVE_INFINITY;

  /** `best`: a pod that is known already. */
  constructor(problem: Problem, best: Best | null, nodeLimit: number) {
    const { seconds, worths, starts, rules, slots } = problem;
    this.#problem = problem;
    this.#best = best;
    this.#counter = { limit: nodeLimit, nodes: 0, spent: false };
    this.#toCome = new ToCome(seconds, worths, starts, rules, slots, memories);
  }

  run(): Found {
    this.#seed();
    this.#visit(0, this.#problem.rules.durationSeconds, 0, 0, 0);
    const { spent, nodes } = this.#counter;
    return { best: this.#best, open: spent ? this.#open : null, nodes };
  }

  /** Pods to begin with: whoever the tables would take, or whoever fits, in order; competitors only where none are near. */
  #seed(): void {
    const { entries, seconds, slots, rules, chosen } = this.#problem;
    for (const choosy of [true, false]) {
      let left = rules.durationSeconds;
      const worth = [0, 0, 0] as [number, number, number];
      for (let index = 0; index < entries.length && chosen.length < slots; index++) {
        const own = seconds[index] as number;
        if (own > left || this.#problem.isBlocked(index) || this.#competesWithChosen(index)) continue;
        const more = this.#problem.worthOf(index);
        if (choosy && !this.#toCome.wants(index, more, left, own, slots - chosen.length)) continue;
        worth[this.#problem.tierOf(index)] += more;
        left -= own;
        this.#problem.choose(index);
      }
      if (this.#problem.isPod(left) && this.#isBetter(...worth)) {
        const order = this.#problem.inPlace();
        if (order !== null) this.#best = { order, worth };
      }
      chosen.length = 0;
    }
  }

  #competesWithChosen(index: number): boolean {
    const { rules, entries, chosen } = this.#problem;
    if (!rules.separation || rules.minSeparationSeconds === null) return false;
    const { category } = entries[index] as Entry;
    return chosen.some((other) => competes(category, (entries[other] as Entry).category));
  }

  /** Whether a pod of this worth would be taken: of two found by the search, the first of equal worth stays. −∞ is no pod. */
  #isBetter(guaranteed: number, standard: number, house: number): boolean {
    if (this.#best === null) return guaranteed + standard + house > Number.NEGATIVE_INFINITY;
    const [first, second, third] = this.#best.worth;
    if (guaranteed !== first) return guaranteed > first;
    if (standard !== second) return standard > second;
    return this.#found ? house > third : house >= third;
  }

  /** Whether what is chosen, with whoever may come from `index` on, could be taken. */
  #canReach(index: number, left: number, slots: number, guaranteed: number, standard: number, house: number): boolean {
    const { guaranteed: first, standard: second, house: third } = this.#toCome;
    const tier = this.#problem.tierOf(index);
    if (tier === 0) {
      const most = guaranteed + first.at(index, left, slots);
      return this.#isBetter(most, standard + second.most(left, slots), house + third.most(left, slots));
    }
    if (tier === 1) {
      return this.#isBetter(guaranteed, standard + second.at(index, left, slots), house + third.most(left, slots));
    }
    return this.#isBetter(guaranteed, standard, house + third.at(index, left, slots));
  }

  /** Judges what is chosen, then everything that adds entries from `next` on. */
  #visit(next: number, left: number, guaranteed: number, standard: number, house: number): void {
    const problem = this.#problem;
    const { entries, chosen, seconds } = problem;
    const slots = problem.slots - chosen.length;
    const counter = this.#counter;
    if (counter.nodes >= counter.limit) counter.spent = true;
    else {
      counter.nodes += 1;
      if (problem.isPod(left) && this.#isBetter(guaranteed, standard, house)) this.#take(guaranteed, standard, house);
    }
    if (counter.spent) this.#leaveOpen(next, left, slots, guaranteed, standard);
    if (slots === 0) return;
    for (let index = next; index < entries.length && !counter.spent; index++) {
      if (!this.#canReach(index, left, slots, guaranteed, standard, house)) return;
      const own = seconds[index] as number;
      if (own > left || problem.isBlocked(index)) continue;
      const worth = problem.worthOf(index);
      const tier = problem.tierOf(index);
      const first = tier === 0 ? guaranteed + worth : guaranteed;
      const second = tier === 1 ? standard + worth : standard;
      const third = tier === 2 ? house + worth : house;
      if (!this.#canReach(index + 1, left - own, slots - 1, first, second, third)) continue;
      problem.choose(index);
      this.#visit(index + 1, left - own, first, second, third);
      chosen.pop();
      if (counter.spent) this.#leaveOpen(index + 1, left, slots, guaranteed, standard);
    }
  }

  #leaveOpen(next: number, left: number, slots: number, guaranteed: number, standard: number): void {
    const most = guaranteed + standard + this.#toCome.paidMost(next, left, slots);
    this.#open = Math.max(this.#open, most);
  }

  #take(guaranteed: number, standard: number, house: number): void {
    const order = this.#problem.playingOrder(this.#counter);
    if (order === null) return;
    this.#best = { order, worth: [guaranteed, standard, house] };
    this.#found = true;
  }
}
