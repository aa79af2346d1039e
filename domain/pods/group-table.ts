import type { Group } from './groups.ts';
import type { Goods, Room } from './suffix-table.ts';

/**
 * What the groups from a number on can add at most for each number of seconds and slots left: the exact best where nothing but
 * their groups keeps entries out. A worth has a number for each tier and is compared from left to right. Where seconds have to be
 * filled exactly, what cannot be filled is worth −∞.
 */
export class GroupTable {
  /** [tier][group][slots][steps]. */
  readonly #cells: readonly Float64Array[];
  readonly #row: number;
  readonly #height: number;
  readonly #step: number;

  /** `tiers.of`: which number of the worth an entry adds to. */
  constructor(
    groups: readonly Group[],
    goods: Goods,
    room: Room,
    tiers: { readonly count: number; readonly of: (index: number) => number },
    exact: boolean,
  ) {
    this.#step = room.step;
    this.#height = Math.floor(room.seconds / room.step) + 1;
    this.#row = this.#height * (room.slots + 1);
    this.#cells = Array.from({ length: tiers.count }, () => new Float64Array((groups.length + 1) * this.#row));
    if (exact) this.#onlyFilled(groups.length * this.#row);
    for (let group = groups.length - 1; group >= 0; group--) {
      const { members, most } = groups[group] as Group;
      this.#fill(group * this.#row, members, Math.min(most, room.slots), goods, tiers.of, room.slots);
    }
  }

  /** The number of one tier. */
  at(tier: number, group: number, seconds: number, slots: number): number {
    const cell = group * this.#row + slots * this.#height + Math.floor(seconds / this.#step);
    return (this.#cells[tier] as Float64Array)[cell] as number;
  }

  #onlyFilled(last: number): void {
    for (let at = 0; at < this.#row; at++) {
      if (at % this.#height !== 0) for (const part of this.#cells) part[last + at] = Number.NEGATIVE_INFINITY;
    }
  }

  #fill(
    to: number,
    members: readonly number[],
    most: number,
    goods: Goods,
    tierOf: (index: number) => number,
    slots: number,
  ): void {
    const none = this.#cells.map((part) => part.slice(to + this.#row, to + 2 * this.#row));
    // [n]: with up to n + 1 of them.
    const upTo = Array.from({ length: most }, () => none.map((part) => part.slice()));
    for (const index of members) {
      for (let more = most - 1; more >= 0; more--) {
        const before = upTo[more - 1] ?? none;
        this.#offer(upTo[more] as Float64Array[], before, goods, index, tierOf(index), slots);
      }
    }
    const best = upTo.at(-1) ?? none;
    for (const [tier, part] of this.#cells.entries()) part.set(best[tier] as Float64Array, to);
  }

  /** Takes the entry wherever that is worth more than what is there. */
  #offer(
    cells: readonly Float64Array[],
    before: readonly Float64Array[],
    { seconds, values, tired }: Goods,
    index: number,
    tier: number,
    slotsMost: number,
  ): void {
    const steps = Math.floor((seconds[index] as number) / this.#step);
    const own = cells[tier] as Float64Array;
    const rests = before[tier] as Float64Array;
    for (let slots = 1; slots <= slotsMost; slots++) {
      const gain = (values[index] as number) - (tired[slots] as number);
      const end = (slots + 1) * this.#height;
      for (let at = slots * this.#height + steps, rest = (slots - 1) * this.#height; at < end; at++, rest++) {
        if (cells.length > 1) this.#offerParts(cells, before, at, rest, tier, gain);
        else {
          const worth = gain + (rests[rest] as number);
          if (worth > (own[at] as number)) own[at] = worth;
        }
      }
    }
  }

  #offerParts(
    cells: readonly Float64Array[],
    before: readonly Float64Array[],
    at: number,
    rest: number,
    tier: number,
    gain: number,
  ): void {
    const worth = before.map((part, each) => (part[rest] as number) + (each === tier ? gain : 0));
    for (const [each, part] of cells.entries()) {
      const difference = (worth[each] as number) - (part[at] as number);
      if (difference < 0 || Number.isNaN(difference)) return;
      if (difference > 0) break;
      if (each === cells.length - 1) return;
    }
    for (const [each, part] of cells.entries()) part[at] = worth[each] as number;
  }
}
