import { EngineError } from '../engines/errors.ts';
import type { Entry, StateStore, Swapped } from '../engines/state-store/state-store.ts';

/** Records changed in one go: those of a large catalog would hold up whatever else this process and its store have to do. */
const TOGETHER = 1_000;

/**
 * Changes records by optimistic swaps: `change` sees the bytes (null when absent) and answers the new ones, or null to
 * leave the record. On a conflict it runs again on the current record; the other writer has made progress, so this ends.
 * `stores`: the ids of the stores that may be written to; another one has forgotten something: EngineError
 * `store_lost_writes`. Null: any.
 */
export async function update(
  store: StateStore,
  changes: ReadonlyMap<string, (bytes: Buffer | null) => Buffer | null>,
  expiresInMs: number | ((key: string, bytes: Buffer) => number),
  stores: readonly string[] | null = null,
): Promise<void> {
  const life = typeof expiresInMs === 'number' ? () => expiresInMs : expiresInMs;
  const swap = (name: string, seen: Entry, bytes: Buffer) => store.swap(name, seen, bytes, life(name, bytes));
  const all = [...changes.keys()];
  for (let from = 0; from < all.length; from += TOGETHER) {
    const names = all.slice(from, from + TOGETHER);
    const entries = await store.read(names);
    await Promise.all(names.map((name, at) => updateOne(swap, name, entries[at], changes.get(name), stores)));
  }
}

/** Throws EngineError `store_lost_writes` unless the entry comes from one of the stores (null: whatever it is). */
export function requireKnown(entry: Entry, stores: readonly string[] | null): void {
  if (stores === null || stores.includes(entry.store)) return;
  throw new EngineError('store_lost_writes', `the store is ${entry.store}, which has not been caught up`);
}

async function updateOne(
  swap: (key: string, seen: Entry, bytes: Buffer) => Promise<Swapped>,
  key: string,
  seen: Entry | undefined,
  change: ((bytes: Buffer | null) => Buffer | null) | undefined,
  stores: readonly string[] | null,
): Promise<void> {
  for (let entry = seen; entry && change; ) {
    requireKnown(entry, stores);
    const bytes = change(entry.bytes);
    if (bytes === null) return;
    const swapped = await swap(key, entry, bytes);
    if (swapped.ok) return;
    entry = swapped.entry;
  }
}
