/** ClickHouse takes 128 KiB in one parameter. */
export const PARAMETER_BYTES = 100_000;

/** What a text takes in a list, at most: quoting can double its length. */
export function listedBytes(text: string): number {
  return 2 * Buffer.byteLength(text) + 3;
}

/** Cuts what is bound as lists into batches, of which each list fits a parameter; `textOf` is the longest of what each item says. */
export function parameterBatches<T>(items: Iterable<T>, textOf: (item: T) => string): readonly T[][] {
  const made: T[][] = [];
  let bytes = PARAMETER_BYTES;
  for (const item of items) {
    const more = listedBytes(textOf(item));
    if (bytes + more > PARAMETER_BYTES) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1)?.push(item);
    bytes += more;
  }
  return made;
}
