import type { Entry } from './field.ts';
import type { Worths } from './worth.ts';

/** Numbers in one table; beyond, seconds are counted in coarser steps, which loosens the bound and keeps it a bound. */
const cellsMax = 1 << 18;

/** Room for one table after another: tables are as large as what they are asked, and fresh memory would be the dearest part of them. */
export class TableMemory {
  #cells = new Float64Array(1_024);

  /** Holds whatever was written last; the table before must not be in use any more. */
  take(size: number): Float64Array {
    if (this.#cells.length < size) this.#cells = new Float64Array(2 * size);
    return this.#cells;
  }
}

/**
 * What the entries from an index on can add at most, for each number of seconds and slots left, whoever competes with whom: the
 * exact best of that easier question, by dynamic programming from the last entry to the first.
 */
export class SuffixTable {
  readonly #cells: Float64Array;
  readonly #row: number;
  readonly #column: number;
  readonly #from: number;
  readonly #to: number;
  readonly #step: number;

  /** Of the entries `from` to just before `to`. */
  constructor(
    entries: readonly Entry[],
    worths: Worths,
    [from, to]: readonly [number, number],
    seconds: number,
    slots: number,
    memory: TableMemory,
  ) {
    this.#from = from;
    this.#to = to;
    this.#column = slots + 1;
    const rows = to - from + 1;
    const common = entries.reduce((divisor, { candidate }) => gcd(divisor, candidate.durationSeconds), 0) || 1;
    const steps = Math.max(1, Math.min(Math.floor(seconds / common), Math.floor(cellsMax / (rows * this.#column))));
    // A step of a common divisor loses nothing.
    this.#step = Math.max(common, Math.ceil(seconds / steps));
    const height = Math.floor(seconds / this.#step) + 1;
    this.#row = height * this.#column;
    this.#cells = memory.take(rows * this.#row);
    this.#cells.fill(0, (rows - 1) * this.#row, rows * this.#row);
    for (let index = to - 1; index >= from; index--) this.#fill(entries, worths, index, height);
  }

  /** `index` beyond either end of its entries stands for that end. */
  at(index: number, seconds: number, slots: number): number {
    const row = Math.min(Math.max(index, this.#from), this.#to) - this.#from;
    return this.#cells[row * this.#row + Math.floor(seconds / this.#step) * this.#column + slots] as number;
  }

  #fill(entries: readonly Entry[], { values, fatigue, houseFatigue }: Worths, index: number, height: number): void {
    const cells = this.#cells;
    const columns = this.#column;
    const row = (index - this.#from) * this.#row;
    const below = row + this.#row;
    const { candidate } = entries[index] as Entry;
    const tired = candidate.house ? houseFatigue : fatigue;
    const value = values[index] as number;
    const steps = Math.floor(candidate.durationSeconds / this.#step);
    cells.copyWithin(row, below, below + Math.min(steps, height) * columns);
    for (let at = steps; at < height; at++) {
      const skipped = below + at * columns;
      const taken = below + (at - steps) * columns - 1;
      const target = row + at * columns;
      cells[target] = 0;
      for (let slots = 1; slots < columns; slots++) {
        const skip = cells[skipped + slots] as number;
        const take = value - (tired[slots] as number) + (cells[taken + slots] as number);
        cells[target + slots] = skip;
        if (take > skip) cells[target + slots] = take;
      }
    }
  }
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
