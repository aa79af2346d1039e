/** Sets of clause numbers. A dense one is a bit per clause; a row is a short list until a bit per clause is smaller. */

/** Bits in one word. */
export const wordBits = 32;

export class Bitmap {
  words: Uint32Array;
  /** How many bits are set. */
  count = 0;

  constructor(words: number) {
    this.words = new Uint32Array(words);
  }

  copy(): Bitmap {
    const copied = new Bitmap(0);
    copied.words = this.words.slice();
    copied.count = this.count;
    return copied;
  }

  has(bit: number): boolean {
    return ((this.words[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  }

  add(bit: number): void {
    if (this.has(bit)) return;
    this.words[bit >>> 5] = (this.words[bit >>> 5] as number) | (1 << (bit & 31));
    this.count += 1;
  }

  delete(bit: number): void {
    if (!this.has(bit)) return;
    this.words[bit >>> 5] = (this.words[bit >>> 5] as number) & ~(1 << (bit & 31));
    this.count -= 1;
  }

  grow(words: number): void {
    const grown = new Uint32Array(words);
    grown.set(this.words);
    this.words = grown;
  }

  orInto(target: Uint32Array): void {
    const { words } = this;
    for (let index = 0; index < words.length; index++) {
      target[index] = (target[index] as number) | (words[index] as number);
    }
  }
}

/** Calls `visit` with each bit of a word; `base`: the number of its first bit. */
export function eachBit(word: number, base: number, visit: (bit: number) => void): void {
  for (let left = word | 0; left !== 0; left &= left - 1) visit(base + 31 - Math.clz32(left & -left));
}

/** Whether a bit for each of `words` words of clauses takes less memory than a list of so many numbers. */
export function isDense(members: number, words: number): boolean {
  return members * 2 > words + wordBits;
}

/** A set that is mostly small: a list of numbers until that takes more memory than a bit for every clause. */
export class Row {
  #few: number[] = [];
  #dense: Bitmap | null = null;

  static of(bits: Bitmap): Row {
    const row = new Row();
    if (isDense(bits.count, bits.words.length)) row.#dense = bits;
    else {
      const few = row.#few;
      for (const [index, word] of bits.words.entries()) eachBit(word, index * wordBits, (bit) => few.push(bit));
    }
    return row;
  }

  get count(): number {
    return this.#dense?.count ?? this.#few.length;
  }

  /** Null: the members are a short list. */
  get dense(): Bitmap | null {
    return this.#dense;
  }

  get few(): readonly number[] {
    return this.#few;
  }

  /** `words`: the size of a bitmap of all clauses. A clause comes with all its keys at once, so if it is here, it is the last one. */
  add(bit: number, words: number): void {
    if (this.#dense !== null) this.#dense.add(bit);
    else if (this.#few.at(-1) !== bit) this.#few.push(bit);
    if (this.#dense === null && isDense(this.#few.length, words)) {
      const dense = new Bitmap(words);
      for (const one of this.#few) dense.add(one);
      this.#dense = dense;
      this.#few = [];
    }
  }

  delete(bit: number): void {
    if (this.#dense !== null) {
      this.#dense.delete(bit);
      return;
    }
    const place = this.#few.indexOf(bit);
    const last = this.#few.pop();
    if (place < 0 && last !== undefined) this.#few.push(last);
    else if (last !== undefined && last !== bit) this.#few[place] = last;
  }

  copy(): Row {
    const copied = new Row();
    copied.#few = [...this.#few];
    copied.#dense = this.#dense?.copy() ?? null;
    return copied;
  }

  grow(words: number): void {
    this.#dense?.grow(words);
  }

  orInto(target: Uint32Array): void {
    if (this.#dense !== null) this.#dense.orInto(target);
    else for (const bit of this.#few) target[bit >>> 5] = (target[bit >>> 5] as number) | (1 << (bit & 31));
  }
}
