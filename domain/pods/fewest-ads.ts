import type { Group } from './groups.ts';

/** More ads than any pod has. */
const never = 255;

/**
 * The fewest ads that fill so many seconds exactly, of the groups from a number on, where nothing but their groups keeps entries
 * out: whoever has not so many slots left cannot fill them.
 */
export class FewestAds {
  /** [group][steps]. */
  readonly #cells: Uint8Array;
  readonly #height: number;
  readonly #divisor: number;

  /** `seconds`: of each entry, multiples of `divisor`; `most`: the longest that is asked about. */
  constructor(groups: readonly Group[], seconds: Int32Array, most: number, divisor: number) {
    this.#divisor = divisor;
    this.#height = Math.floor(most / divisor) + 1;
    this.#cells = new Uint8Array((groups.length + 1) * this.#height).fill(never);
    this.#cells[groups.length * this.#height] = 0;
    for (let group = groups.length - 1; group >= 0; group--) this.#fill(group, groups[group] as Group, seconds);
  }

  /** `Infinity`: no number of ads does. */
  at(group: number, seconds: number): number {
    if (seconds % this.#divisor !== 0) return Number.POSITIVE_INFINITY;
    const fewest = this.#cells[group * this.#height + seconds / this.#divisor] as number;
    return fewest === never ? Number.POSITIVE_INFINITY : fewest;
  }

  #fill(group: number, { members, most }: Group, seconds: Int32Array): void {
    const from = (group + 1) * this.#height;
    const lengths = [...new Set(members.map((index) => (seconds[index] as number) / this.#divisor))];
    let before = this.#cells.slice(from, from + this.#height);
    for (let more = Math.min(most, members.length); more > 0; more--) {
      const after = before.slice();
      for (const length of lengths) {
        for (let at = length; at < this.#height; at++) {
          const ads = (before[at - length] as number) + 1;
          if (ads < (after[at] as number)) after[at] = ads;
        }
      }
      if (after.every((ads, at) => ads === before[at])) break;
      before = after;
    }
    this.#cells.set(before, group * this.#height);
  }
}
