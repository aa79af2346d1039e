import type { Bitmap } from './bits.ts';
import { type ExcludeRows, type Found, IncludeRows } from './rows.ts';

/** Whole numbers from `from` to just before `to`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Boundaries that one column keeps; clauses beyond are looked at one by one. */
const boundariesMax = 1_024;

/**
 * Clauses by sets of whole numbers. The numbers are cut wherever a listed interval begins or ends, and the clauses of each piece
 * are one row, so an answer is exact and costs one row.
 */
export class IntervalColumn {
  readonly #rows: IncludeRows | ExcludeRows;
  /** Where pieces begin, ascending; the first piece begins before all numbers. A piece's key is where it begins. */
  readonly #starts: number[] = [Number.NEGATIVE_INFINITY];
  /** How many listed intervals begin or end there. */
  readonly #uses = new Map<number, number>();
  readonly #loose = new Map<number, readonly Interval[]>();

  constructor(rows: IncludeRows | ExcludeRows) {
    this.#rows = rows;
  }

  add(bit: number, intervals: readonly Interval[]): void {
    if (this.#starts.length + 2 * intervals.length > boundariesMax) {
      this.#loose.set(bit, intervals);
      this.#rows.add(bit, []);
      return;
    }
    for (const { from, to } of intervals) {
      this.#cut(from);
      this.#cut(to);
    }
    this.#rows.add(bit, this.#pieces(intervals));
  }

  delete(bit: number, intervals: readonly Interval[]): void {
    if (this.#loose.delete(bit)) {
      this.#rows.delete(bit, []);
      return;
    }
    this.#rows.delete(bit, this.#pieces(intervals));
    for (const { from, to } of intervals) {
      this.#join(from);
      this.#join(to);
    }
  }

  /** Null: the number is not known. */
  ask(value: number | null, found: Found): void {
    if (value === null) {
      this.#rows.ask([], found);
      return;
    }
    const loose = this.#looseAt(value);
    this.#rows.ask([this.#keyAt(value)], found, loose);
  }

  /** Adds to `target` the clauses of `mask` that list this number. Needs rows of an include. */
  orInto(value: number, mask: Bitmap, target: Uint32Array): void {
    if (this.#rows instanceof IncludeRows) this.#rows.orMasked(this.#keyAt(value), mask, target);
    for (const bit of this.#looseAt(value)) {
      if (mask.has(bit)) target[bit >>> 5] = (target[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  #looseAt(value: number): readonly number[] {
    const holding: number[] = [];
    for (const [bit, intervals] of this.#loose) {
      if (intervals.some(({ from, to }) => from <= value && value < to)) holding.push(bit);
    }
    return holding;
  }

  #keyAt(value: number): number {
    return this.#starts[this.#pieceOf(value)] as number;
  }

  #pieceOf(value: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= value) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #pieces(intervals: readonly Interval[]): number[] {
    return intervals.flatMap(({ from, to }) => this.#starts.slice(this.#pieceOf(from), this.#pieceOf(to)));
  }

  #cut(at: number): void {
    const uses = this.#uses.get(at) ?? 0;
    this.#uses.set(at, uses + 1);
    if (uses > 0) return;
    const piece = this.#pieceOf(at);
    this.#starts.splice(piece + 1, 0, at);
    this.#rows.clone(this.#starts[piece] as number, at);
  }

  /** Once no interval begins or ends here, the pieces on both sides hold the same clauses. */
  #join(at: number): void {
    const uses = (this.#uses.get(at) ?? 0) - 1;
    if (uses > 0) {
      this.#uses.set(at, uses);
      return;
    }
    this.#uses.delete(at);
    this.#starts.splice(this.#pieceOf(at), 1);
    this.#rows.drop(at);
  }
}
