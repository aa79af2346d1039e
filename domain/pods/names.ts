/** Names kept before all are forgotten: what is remembered changes no answer. */
const keptMax = 500_000;

/**
 * A number for each name, for one pod after another: most names come again, so their places are looked up and never made anew, and
 * what the pod before said of them is told apart by a stamp.
 */
export class Names {
  #places = new Map<string, number>();
  /** [place]: the stamp of the pod that said something of it last, and what it said; side by side, for one look into memory. */
  #said = new Int32Array(2 * 1_024);
  #stamp = 0;

  /** Forgets what was said of every name. True: places of names too, those that were answered before mean nothing any more. */
  begin(): boolean {
    const full = this.#places.size > keptMax;
    if (full) this.#places = new Map();
    if (this.#stamp === 0x7fffffff) {
      this.#said.fill(0);
      this.#stamp = 0;
    }
    this.#stamp += 1;
    return full;
  }

  place(name: string): number {
    return this.#places.get(name) ?? this.#add(name);
  }

  /** What was said first of the name at this place: `value`, unless something was before. */
  first(place: number, value: number): number {
    if (this.#said[2 * place] === this.#stamp) return this.#said[2 * place + 1] as number;
    this.#said[2 * place] = this.#stamp;
    this.#said[2 * place + 1] = value;
    return value;
  }

  #add(name: string): number {
    const place = this.#places.size;
    this.#places.set(name, place);
    if (2 * place < this.#said.length) return place;
    const said = new Int32Array(4 * place);
    said.set(this.#said);
    this.#said = said;
    return place;
  }
}
