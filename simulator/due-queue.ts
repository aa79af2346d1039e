interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

/** What is to happen, by (time, order of arrival): a binary heap. */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(at: number, item: T): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, item };
    let hole = heap.length;
    heap.push(entry);
    while (hole > 0) {
      const up = (hole - 1) >> 1;
      const parent = heap[up];
      if (!parent || before(parent, entry)) break;
      heap[hole] = parent;
      hole = up;
    }
    heap[hole] = entry;
  }

  /** The time of the first, or null when empty. */
  nextAt(): number | null {
    return this.#heap[0]?.at ?? null;
  }

  pop(): { readonly at: number; readonly item: T } | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last) return null;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let hole = 0;
    for (;;) {
      const left = heap[2 * hole + 1];
      const right = heap[2 * hole + 2];
      if (!left) break;
      const goRight = right !== undefined && before(right, left);
      const child = goRight ? right : left;
      if (before(entry, child)) break;
      heap[hole] = child;
      hole = 2 * hole + (goRight ? 2 : 1);
    }
    heap[hole] = entry;
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
