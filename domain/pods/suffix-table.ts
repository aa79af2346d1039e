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

/** What is to be put into pods, in order: of each its length and worth, and the worth that fatigue takes by slots left. */
export interface Goods {
  readonly seconds: Int32Array;
  readonly values: Float64Array;
  readonly tired: Float64Array;
}

/** The room in a pod: a table is as high as its seconds are steps, and as wide as it has slots. */
export interface Room {
  readonly seconds: number;
  readonly slots: number;
  /** Seconds of one step. */
  readonly step: number;
  /** Of the lengths of all ads. */
  readonly divisor: number;
  /** The shortest ad: so many seconds at least are gone with each slot. */
  readonly shortest: number;
}

/** A step of a common divisor loses nothing, unless a table of so many entries would be too large. */
export function roomOf({ seconds, slots, shortest, divisor }: Omit<Room, 'step'>, entries: number): Room {
  const most = Math.floor(cellsMax / ((entries + 1) * (slots + 1)));
  const steps = Math.max(1, Math.min(Math.floor(seconds / divisor), most));
  return { seconds, slots, shortest, divisor, step: Math.max(divisor, Math.ceil(seconds / steps)) };
}

/**
 * What the entries from an index on can add at most, for each number of seconds and slots left, whoever competes with whom: the
 * exact best of that easier question, by dynamic programming from the last entry to the first. Where seconds have to be filled
 * exactly, `fills` says which of them later tiers can fill, and what cannot be filled is worth −∞.
 */
export class SuffixTable {
  readonly #cells: Float64Array;
  readonly #row: number;
  readonly #height: number;
  readonly #from: number;
  readonly #to: number;
  readonly #step: number;
  readonly #slots: number;
  /** [slots]: the steps up to which it is filled in: more seconds cannot be left when only so many slots are. */
  readonly #tops: Int32Array;

  /** Of the entries `from` to just before `to`. */
  constructor(
    goods: Goods,
    [from, to]: readonly [number, number],
    room: Room,
    memory: TableMemory,
    fills: ((seconds: number, slots: number) => boolean) | null,
  ) {
    this.#from = from;
    this.#to = to;
    this.#step = room.step;
    this.#slots = room.slots;
    this.#height = Math.floor(room.seconds / room.step) + 1;
    this.#row = this.#height * (room.slots + 1);
    this.#tops = new Int32Array(room.slots + 1);
    // Where steps are coarse, lengths are rounded down and more seem to be left.
    const used = room.step === room.divisor ? room.shortest : 0;
    for (let slots = 0; slots <= room.slots; slots++) {
      this.#tops[slots] = Math.max(-1, Math.floor((room.seconds - (room.slots - slots) * used) / room.step));
    }
    const rows = to - from + 1;
    this.#cells = memory.take(rows * this.#row);
    const last = (rows - 1) * this.#row;
    this.#cells.fill(0, last, last + this.#row);
    if (fills !== null) this.#begin(last, fills);
    for (let index = to - 1; index >= from; index--) this.#fill(goods, index);
  }

  /** `index` beyond either end of its entries stands for that end. */
  at(index: number, seconds: number, slots: number): number {
    const row = index < this.#from ? 0 : Math.min(index, this.#to) - this.#from;
    return this.#cells[row * this.#row + slots * this.#height + Math.floor(seconds / this.#step)] as number;
  }

  /** The most that all of its entries can add within these seconds, filled or not. */
  mostWithin(seconds: number, slots: number): number {
    let most = 0;
    const from = slots * this.#height;
    for (let at = Math.min(Math.floor(seconds / this.#step), this.#tops[slots] as number); at >= 0; at--) {
      const worth = this.#cells[from + at] as number;
      if (worth > most) most = worth;
    }
    return most;
  }

  #begin(last: number, fills: (seconds: number, slots: number) => boolean): void {
    for (let slots = 0; slots <= this.#slots; slots++) {
      for (let at = 0; at < this.#height; at++) {
        if (!fills(at * this.#step, slots)) this.#cells[last + slots * this.#height + at] = Number.NEGATIVE_INFINITY;
      }
    }
  }

  #fill({ seconds, values, tired }: Goods, index: number): void {
    const cells = this.#cells;
    const height = this.#height;
    const row = (index - this.#from) * this.#row;
    const value = values[index] as number;
    const steps = Math.floor((seconds[index] as number) / this.#step);
    const none = (this.#tops[0] as number) + 1;
    for (let at = 0; at < none; at++) cells[row + at] = cells[row + this.#row + at] as number;
    for (let slots = 1; slots <= this.#slots; slots++) {
      const gain = value - (tired[slots] as number);
      const end = row + slots * height + (this.#tops[slots] as number) + 1;
      const begin = row + slots * height;
      const taking = Math.min(begin + steps, end);
      const back = this.#row - height - steps;
      for (let at = begin; at < taking; at++) cells[at] = cells[at + this.#row] as number;
      for (let at = taking; at < end; at++) {
        const skip = cells[at + this.#row] as number;
        const take = gain + (cells[at + back] as number);
        cells[at] = Math.max(take, skip);
      }
    }
  }
}
