export interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** One kind of document by id: the newest version wins, and a deletion is a version too. */
export class Newest<T extends Versioned> {
  readonly #held = new Map<string, { readonly version: number; readonly document: T | null }>();
  #living: readonly T[] = [];
  /** Offered since the list was made. */
  readonly #changed = new Set<string>();

  offer(id: string, version: number, document: T | null): boolean {
    const known = this.#held.get(id);
    if (known && known.version >= version) return false;
    this.#held.set(id, { version, document });
    this.#changed.add(id);
    return true;
  }

  /** As if it had never been offered: whatever comes next is taken. */
  forget(id: string): void {
    if (this.#held.delete(id)) this.#changed.add(id);
  }

  one(id: string): T | undefined {
    return this.#held.get(id)?.document ?? undefined;
  }

  /** In the order of their ids. A list that was answered never changes: a few changes are put into a copy of it. */
  living(): readonly T[] {
    if (this.#changed.size > 8) {
      const documents: T[] = [];
      for (const { document } of this.#held.values()) if (document) documents.push(document);
      this.#living = documents.sort((a, b) => (a.id < b.id ? -1 : 1));
    } else for (const id of this.#changed) this.#living = withDocument(this.#living, id, this.#held.get(id)?.document);
    this.#changed.clear();
    return this.#living;
  }
}

function withDocument<T extends { readonly id: string }>(
  sorted: readonly T[],
  id: string,
  document: T | null | undefined,
): readonly T[] {
  let place = 0;
  for (let after = sorted.length; place < after; ) {
    const middle = (place + after) >>> 1;
    if ((sorted[middle]?.id ?? id) < id) place = middle + 1;
    else after = middle;
  }
  const known = sorted[place]?.id === id ? 1 : 0;
  return document ? sorted.toSpliced(place, known, document) : sorted.toSpliced(place, known);
}
