/** One broken promise. `ids` are the first of those it was seen on. */
export interface Fault {
  readonly name: string;
  readonly detail: string;
  readonly count: number;
  readonly ids: readonly string[];
}

const IDS_SHOWN = 5;

/** No ids, no fault. */
export function fault(name: string, detail: string, ids: Iterable<string>): Fault[] {
  const all = [...new Set(ids)];
  if (all.length === 0) return [];
  return [{ name, detail, count: all.length, ids: all.slice(0, IDS_SHOWN) }];
}

/** What is in `left` and not in `right`. */
export function missing(left: Iterable<string>, right: ReadonlySet<string>): string[] {
  return [...left].filter((id) => !right.has(id));
}

/** Names of the faults, each once. */
export function names(faults: readonly Fault[]): string[] {
  return [...new Set(faults.map(({ name }) => name))].sort();
}
