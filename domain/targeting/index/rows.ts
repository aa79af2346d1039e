import { Bitmap, Row } from './bits.ts';

export type Key = string | number;

/** What a column answers for a moment: sets that a clause must be in, and sets that it must not be in. */
export interface Found {
  /** The second number says how many are in it, or a guess: the most selective is looked at first. */
  readonly inside: { readonly words: Uint32Array; readonly count: number }[];
  readonly outside: Uint32Array[];
  /** Single clauses that must not be. */
  readonly struck: number[];
}

/** Up to this many values of one dimension, each value's bitmap holds the clauses that do not ask, too. */
export const foldedMax = 256;

/** Clauses by the keys that they list, one row for each key. */
export class KeyRows {
  readonly rows = new Map<Key, Row>();
  #words: number;

  constructor(words: number) {
    this.#words = words;
  }

  add(bit: number, keys: readonly Key[]): void {
    for (const key of keys) {
      let row = this.rows.get(key);
      if (row === undefined) {
        row = new Row();
        this.rows.set(key, row);
      }
      row.add(bit, this.#words);
    }
  }

  delete(bit: number, keys: readonly Key[]): void {
    for (const key of keys) {
      const row = this.rows.get(key);
      row?.delete(bit);
      if (row?.count === 0) this.rows.delete(key);
    }
  }

  /** Whoever is under `from` is under `to` as well. */
  clone(from: Key, to: Key): void {
    const row = this.rows.get(from);
    if (row !== undefined) this.rows.set(to, row.copy());
  }

  drop(key: Key): void {
    this.rows.delete(key);
  }

  grow(words: number): void {
    this.#words = words;
    for (const row of this.rows.values()) row.grow(words);
  }

  orInto(keys: readonly Key[], target: Uint32Array): number {
    let count = 0;
    for (const key of keys) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      row.orInto(target);
      count += row.count;
    }
    return count;
  }
}

/** The clauses that exclude something: they must not be under any key of the moment. */
export class ExcludeRows extends KeyRows {
  /** `more`: clauses that must not be, besides. */
  ask(keys: readonly Key[], found: Found, more: readonly number[] = []): void {
    found.struck.push(...more);
    for (const key of keys) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      if (row.dense !== null) found.outside.push(row.dense.words);
      else for (const bit of row.few) found.struck.push(bit);
    }
  }
}

/** The clauses that include something, and those that do not ask ("any"): a clause must be "any" or under a key of the moment. */
export class IncludeRows {
  readonly any: Bitmap;
  #folded: Map<Key, Bitmap> | null = new Map();
  readonly #apart: KeyRows;
  readonly #scratch: Bitmap;
  #asking = 0;

  constructor(words: number) {
    this.any = new Bitmap(words);
    this.#apart = new KeyRows(words);
    this.#scratch = new Bitmap(words);
  }

  /** Null: does not ask. */
  add(bit: number, keys: readonly Key[] | null): void {
    if (keys === null) {
      this.any.add(bit);
      for (const row of this.#folded?.values() ?? []) row.add(bit);
      return;
    }
    this.#asking += 1;
    if (this.#folded === null) this.#apart.add(bit, keys);
    else for (const key of keys) this.#addFolded(bit, key);
  }

  #addFolded(bit: number, key: Key): void {
    if (this.#folded === null) {
      this.#apart.add(bit, [key]);
      return;
    }
    const row = this.#folded.get(key) ?? this.any.copy();
    this.#folded.set(key, row);
    row.add(bit);
    this.#unfoldIfMany();
  }

  delete(bit: number, keys: readonly Key[] | null): void {
    if (keys === null) {
      this.any.delete(bit);
      for (const row of this.#folded?.values() ?? []) row.delete(bit);
      return;
    }
    this.#asking -= 1;
    if (this.#folded === null) this.#apart.delete(bit, keys);
    else for (const key of keys) this.#folded.get(key)?.delete(bit);
  }

  clone(from: Key, to: Key): void {
    if (this.#folded === null) {
      this.#apart.clone(from, to);
      return;
    }
    this.#folded.set(to, (this.#folded.get(from) ?? this.any).copy());
    this.#unfoldIfMany();
  }

  drop(key: Key): void {
    this.#folded?.delete(key);
    this.#apart.drop(key);
  }

  #unfoldIfMany(): void {
    if (this.#folded === null || this.#folded.size <= foldedMax) return;
    for (const [key, bits] of this.#folded) {
      const own = bits.copy();
      own.count = 0;
      own.words.forEach((word, index) => {
        const kept = (word & ~(this.any.words[index] as number)) >>> 0;
        own.words[index] = kept;
        own.count += countBits(kept);
      });
      if (own.count > 0) this.#apart.rows.set(key, Row.of(own));
    }
    this.#folded = null;
  }

  grow(words: number): void {
    this.any.grow(words);
    this.#scratch.grow(words);
    this.#apart.grow(words);
    for (const row of this.#folded?.values() ?? []) row.grow(words);
  }

  /** `more`: clauses that hold besides. */
  ask(keys: readonly Key[], found: Found, more: readonly number[] = []): void {
    if (this.#asking === 0) return;
    const [only] = keys;
    if (more.length === 0 && keys.length <= 1) {
      const row = this.#single(only);
      if (row !== null) {
        found.inside.push(row);
        return;
      }
    }
    const { words } = this.#scratch;
    words.set(this.any.words);
    let { count } = this.any;
    if (this.#folded === null) count += this.#apart.orInto(keys, words);
    else for (const key of keys) this.#folded.get(key)?.orInto(words);
    for (const bit of more) words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
    found.inside.push({ words, count: count + more.length });
  }

  /** Adds to `target` the clauses of `mask` under this key; none of `mask` may be "any". */
  orMasked(key: Key, mask: Bitmap, target: Uint32Array): void {
    const row = this.#folded === null ? this.#apart.rows.get(key) : this.#folded.get(key);
    if (row === undefined) return;
    const words = row instanceof Bitmap ? row.words : row.dense?.words;
    if (words === undefined && row instanceof Row) {
      for (const bit of row.few) {
        if (mask.has(bit)) target[bit >>> 5] = (target[bit >>> 5] as number) | (1 << (bit & 31));
      }
      return;
    }
    for (let index = 0; index < target.length; index++) {
      const both = (words?.[index] ?? 0) & (mask.words[index] as number);
      target[index] = (target[index] as number) | both;
    }
  }

  /** The one bitmap that answers for this key, where there is one. */
  #single(key: Key | undefined): Bitmap | null {
    if (key === undefined) return this.any;
    if (this.#folded !== null) return this.#folded.get(key) ?? this.any;
    return this.#apart.rows.has(key) ? null : this.any;
  }
}

function countBits(word: number): number {
  let count = 0;
  for (let left = word | 0; left !== 0; left &= left - 1) count += 1;
  return count;
}
