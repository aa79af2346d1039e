import { keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { encodeBare } from '../schemas/codec.ts';

/** Says what workers say when they begin: both groups have caught up with the store as it is now. */
export async function seedHeads(
  store: StateStore,
  partitions: { readonly beacons: number; readonly requests: number },
): Promise<void> {
  const stores = await store.stores();
  const topics = { 'ad-beacons': partitions.beacons, 'ad-requests': partitions.requests };
  for (const group of ['frequency', 'pacing']) {
    for (const [topic, count] of Object.entries(topics)) {
      for (let partition = 0; partition < count; partition++) {
        const key = keys.head(group, topic, partition);
        const [seen] = await store.read([key]);
        const head = { position: 0, watermark: 0, caught_up: stores };
        if (seen) await store.swap(key, seen, encodeBare('head-record', head), 3_600_000);
      }
    }
  }
}
