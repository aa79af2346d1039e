/** The row of a raw table that came from this position, as a condition. */
export function here(where: { readonly partition: number; readonly offset: number }): string {
  return `source_partition = ${where.partition} AND offset = ${where.offset}`;
}

/** The first that fits, or the proof cannot be made on this run. */
export function need<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`this run has no ${what}`);
  return found;
}
