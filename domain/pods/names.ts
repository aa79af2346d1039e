/** Names kept before all are forgotten: what is remembered changes no answer. */
const keptMax = 500_000;

/**
 * A number for each name, for one pod after another: most names come again, so their places are looked up and never made anew, and
 * what the pod before said of them is told apart by a stamp.
 */
export class Names {
  #places = new Map<string, number>();
  #stamps = new Int32Array(1_024);
  #values = new Int32Array(1_024);
  #stamp = 0;

  /** Forgets what was said of every name. True: places of names too, those that were answered before mean nothing any more. */
  begin(): boolean {
    const full = this.#places.size > keptMax;
    if (full) this.#places = new Map();
    if (this.#stamp === 0x7fffffff) {
      this.#stamps.fill(0);
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
    if (this.#stamps[place] === this.#stamp) return this.#values[place] as number;
    this.#stamps[place] = this.#stamp;
    this.#values[place] = value;
    return value;
  }

  #add(name: string): number {
    const place = this.#places.size;
    this.#places.set(name, place);
    if (place < this.#stamps.length) return place;
    const stamps = new Int32Array(2 * place);
    const values = new Int32Array(2 * place);
    stamps.set(this.#stamps);
    values.set(this.#values);
    this.#stamps = stamps;
    this.#values = values;
    return place;
  }
}
