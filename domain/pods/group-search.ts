import { FewestAds } from './fewest-ads.ts';
import { GroupTable } from './group-table.ts';
import { type Group, groupsOf } from './groups.ts';
import { drawnLineUp, lineUp } from './line-up.ts';
import type { NodeCounter } from './order.ts';
import { type Best, compareWorths, type Problem, type Worth } from './problem.ts';
import type { Found } from './search.ts';
import { type Room, roomOf } from './suffix-table.ts';
import { gcd } from './whole.ts';

/** An entry that may be chosen next, and the most that the pod can then be worth. */
interface Child {
  readonly index: number;
  readonly group: number;
  readonly most: Worth;
}

/**
 * Depth first by groups of entries that keep each other out (`groupsOf`), the most promising first. Its bound knows of the groups, so
 * it comes to an end where many owners share few categories and a search in the order of the entries would not. Of pods of equal
 * worth it finds any. Where competitors may share a pod, it begins with the best pod without any, and only bounds those with them.
 */
export function searchByGroups(problem: Problem, best: Best | null, nodeLimit: number): Found {
  const { entries, rules } = problem;
  const groups = groupsOf(entries, rules);
  if (groups.every(({ most }) => most === 1)) return new GroupSearch(problem, groups, best, nodeLimit).run();
  const alone = groupsOf(entries, { ...rules, minSeparationSeconds: null });
  const begun = new GroupSearch(problem, alone, best, nodeLimit).run();
  const found = new GroupSearch(problem, groups, begun.best, 0).lineUp();
  return { ...found, nodes: begun.nodes };
}

/** Whether worths are such that it can: they must not depend on the order of the tiers. */
export function canSearchByGroups(problem: Problem): boolean {
  return problem.rules.objective !== 'user_experience' || tiersOf(problem).length < 2;
}

function tiersOf({ starts }: Problem): readonly (0 | 1 | 2)[] {
  return ([0, 1, 2] as const).filter((tier) => (starts[tier] as number) < (starts[tier + 1] as number));
}

/** Cells that are written to fill a table, and entries that are looked at, at most: each some milliseconds. */
const cellsMost = 3_000_000;
const looksMost = 100_000;

/** How much coarser than the finest the steps have to be. */
function coarseness({ seconds, slots, step }: Room, groups: readonly Group[], tiers: number): number {
  const offers = groups.reduce((sum, { members, most }) => sum + members.length * Math.min(most, slots), 0);
  const weight = tiers === 1 ? 1 : 4 * tiers;
  return Math.max(1, Math.ceil((offers * slots * (seconds / step) * weight) / cellsMost));
}

const nothing: Worth = [0, 0, 0];
const noPod: Worth = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

class GroupSearch {
  readonly #problem: Problem;
  readonly #tiers: readonly (0 | 1 | 2)[];
  readonly #groups: readonly Group[];
  readonly #table: GroupTable;
  /** Null: a pod may be shorter than was asked for. */
  readonly #fewest: FewestAds | null;
  /** A pod cannot have more ads. */
  readonly #slots: number;
  /** [group]: the most ads that it and those behind it can have. */
  readonly #ads: readonly number[];
  readonly #counter: NodeCounter;
  /** Entries looked at. */
  #looks = 0;
  #best: Best | null;

  constructor(problem: Problem, groups: readonly Group[], best: Best | null, nodeLimit: number) {
    const { rules, seconds, slots, worths } = problem;
    const tiers = tiersOf(problem);
    this.#problem = problem;
    this.#tiers = tiers;
    this.#best = best;
    this.#counter = { limit: nodeLimit, nodes: 0, spent: false };
    this.#groups = groups;
    this.#ads = adsFrom(this.#groups);
    const divisor = seconds.reduce((common, each) => gcd(common, each), 0) || 1;
    const shortest = seconds.reduce((least, each) => Math.min(least, each), rules.durationSeconds);
    // Where ads tire, what one costs depends on the slots that the problem has left.
    this.#slots = rules.objective === 'user_experience' ? slots : Math.min(slots, this.#ads[0] as number);
    const asked = { seconds: rules.durationSeconds, slots: this.#slots, shortest, divisor };
    const finest = roomOf(asked, this.#groups.length);
    const room = { ...finest, step: finest.step * coarseness(finest, this.#groups, tiers.length) };
    this.#fewest = rules.exactDuration ? new FewestAds(this.#groups, seconds, rules.durationSeconds, divisor) : null;
    // In coarser steps nobody can tell what fills to the second.
    const exact = rules.exactDuration && room.step === divisor && rules.durationSeconds % divisor === 0;
    const tired = tiers[0] === 2 ? worths.houseFatigue : worths.fatigue;
    const part = { count: tiers.length, of: (index: number) => tiers.indexOf(problem.tierOf(index)) };
    this.#table = new GroupTable(this.#groups, { seconds, values: worths.values, tired }, room, part, exact);
  }

  /** One of each group at most. */
  run(): Found {
    const most = this.#mostOfAll();
    if (this.#isPossible(most)) this.#visit(0, this.#problem.rules.durationSeconds, nothing);
    const { nodes, spent } = this.#counter;
    return { best: this.#best, open: spent ? this.#paidMost(most) : null, nodes };
  }

  /** Competitors may share the pod: what is not found this way stays open. */
  lineUp(): Found {
    const most = this.#mostOfAll();
    if (!this.#isPossible(most)) return { best: this.#best, open: null, nodes: 0 };
    const mostFrom = (worth: Worth, left: number, slots: number) => this.#mostWith(worth, 0, left, slots);
    let found = lineUp(this.#problem, mostFrom);
    if (found === null && this.#best === null && this.#fewest !== null) found = drawnLineUp(this.#problem, mostFrom);
    if (found !== null && this.#isBetter(found.worth)) this.#best = found;
    return { best: this.#best, open: this.#paidMost(most), nodes: 0 };
  }

  #mostOfAll(): Worth {
    return this.#mostWith(nothing, 0, this.#problem.rules.durationSeconds, this.#problem.slots);
  }

  #isPossible(most: Worth): boolean {
    return this.#isBetter(most) && (this.#ads[0] as number) >= this.#problem.rules.minAds;
  }

  /** Judges what is chosen, then everything that adds an entry of a later group. */
  #visit(from: number, left: number, worth: Worth): void {
    const counter = this.#counter;
    if (counter.nodes >= counter.limit) counter.spent = true;
    if (counter.spent) return;
    counter.nodes += 1;
    if (this.#problem.isPod(left) && this.#isBetter(worth)) this.#take(worth);
    for (const { index, group, most } of this.#children(from, left, worth)) {
      if (!this.#isBetter(most)) return;
      const then = this.#problem.plus(worth, index);
      this.#problem.choose(index);
      this.#visit(group + 1, left - (this.#problem.seconds[index] as number), then);
      this.#problem.chosen.pop();
      if (counter.spent) return;
    }
  }

  #children(from: number, left: number, worth: Worth): readonly Child[] {
    const { seconds, slots, chosen, rules } = this.#problem;
    const free = slots - chosen.length - 1;
    if (free < 0) return [];
    const children: Child[] = [];
    if (this.#looks > looksMost) this.#counter.spent = true;
    for (let group = from; group < this.#groups.length; group++) {
      if (chosen.length + (this.#ads[group] as number) < rules.minAds) break;
      for (const index of (this.#groups[group] as Group).members) {
        const own = seconds[index] as number;
        this.#looks += 1;
        if (own > left || this.#problem.isBlocked(index)) continue;
        const most = this.#mostWith(this.#problem.plus(worth, index), group + 1, left - own, free);
        if (this.#isBetter(most)) children.push({ index, group, most });
      }
    }
    return children.sort((a, b) => compareWorths(b.most, a.most));
  }

  #mostWith(worth: Worth, group: number, left: number, slots: number): Worth {
    if (this.#fewest !== null && this.#fewest.at(group, left) > slots) return noPod;
    const most: [number, number, number] = [...worth];
    const free = Math.min(slots, this.#slots);
    for (const [part, tier] of this.#tiers.entries()) most[tier] += this.#table.at(part, group, left, free);
    return most;
  }

  /** −∞ is no pod. */
  #isBetter(worth: Worth): boolean {
    if (this.#best === null) return worth.every((part) => part > Number.NEGATIVE_INFINITY);
    return compareWorths(worth, this.#best.worth) > 0;
  }

  #take(worth: Worth): void {
    const order = this.#problem.playingOrder(this.#counter);
    if (order !== null) this.#best = { order, worth };
  }

  /** Of two paid tiers the one is not the most that both can be. */
  #paidMost([guaranteed, standard]: Worth): number {
    return this.#tiers.includes(0) && this.#tiers.includes(1) ? Number.POSITIVE_INFINITY : guaranteed + standard;
  }
}

function adsFrom(groups: readonly Group[]): readonly number[] {
  const ads = [0];
  for (const { most } of groups.toReversed()) ads.unshift((ads[0] as number) + most);
  return ads;
}
