import { keys } from '../../../engines/state-store/keys.ts';
import { encodeBare } from '../../../schemas/codec.ts';
import { type Bench, PARTITIONS } from '../../../stream-workers/fixture.ts';

const FOR_GOOD_MS = 1e12;

/** Says that everything has caught up, as workers do when they begin; for good, because the clock of all cases goes on for days. */
export async function prepare({ store }: Omit<Bench, symbol>): Promise<void> {
  const head = encodeBare('head-record', { position: 0, watermark: 0, caught_up: await store.stores() });
  for (const group of ['frequency', 'pacing']) {
    for (const topic of ['ad-beacons', 'ad-requests']) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const key = keys.head(group, topic, partition);
        const [seen] = await store.read([key]);
        if (seen) await store.swap(key, seen, head, FOR_GOOD_MS);
      }
    }
  }
}
