import type { Entry, StateStore } from '../engines/state-store/state-store.ts';

/**
 * Changes records by optimistic swaps: `change` sees the bytes (null when absent) and answers the new ones, or null to
 * leave the record. On a conflict it runs again on the current record; the other writer has made progress, so this ends.
 */
export async function update(
  store: StateStore,
  changes: ReadonlyMap<string, (bytes: Buffer | null) => Buffer | null>,
  expiresInMs: number,
): Promise<void> {
  const names = [...changes.keys()];
  const entries = await store.read(names);
  await Promise.all(names.map((name, index) => updateOne(store, name, entries[index], changes.get(name), expiresInMs)));
}

async function updateOne(
  store: StateStore,
  key: string,
  seen: Entry | undefined,
  change: ((bytes: Buffer | null) => Buffer | null) | undefined,
  expiresInMs: number,
): Promise<void> {
  for (let entry = seen; entry && change; ) {
    const bytes = change(entry.bytes);
    if (bytes === null) return;
    const swapped = await store.swap(key, entry, bytes, expiresInMs);
    if (swapped.ok) return;
    entry = swapped.entry;
  }
}
