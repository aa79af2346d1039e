import type { EventLog } from '../../engines/event-log/event-log.ts';
import { BROOM_MS, keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare, encode, encodeBare } from '../../schemas/codec.ts';
import { update } from '../swap.ts';
import { warehouseWorker } from '../warehouse/warehouse.ts';

export interface RebuiltRows {
  /** Partitions that the warehouse's workers read again, from the oldest record that the log holds. */
  readonly partitions: number;
  /** Records that were applied and will be again, at most. */
  readonly recordsAgain: number;
}

/**
 * Sends the warehouse's workers back to the beginning of the log: after its tables were restored or lost rows. Rows are
 * named by where they came from, so what is there already stays once. Workers that run notice at their next batch.
 */
export async function rebuildRows(store: StateStore, log: EventLog): Promise<RebuiltRows> {
  const { name, reads } = warehouseWorker();
  let partitions = 0;
  let recordsAgain = 0;
  for (const topic of reads) {
    const sentBack: number[] = [];
    const changes = Array.from({ length: await log.partitions(topic) }, (_, partition) => {
      const back = (bytes: Buffer | null) => {
        const head = bytes ? decodeBare('head-record', bytes) : null;
        if (!head || head.position === 0) return null;
        sentBack.push(partition);
        recordsAgain += head.position;
        return encodeBare('head-record', { ...head, position: 0, watermark: 0 });
      };
      return [keys.head(name, topic, partition), back] as const;
    });
    await update(store, new Map(changes), BROOM_MS);
    partitions += sentBack.length;
    // A worker looks at its head when a record comes, and a quiet partition may wait long for one.
    const value = encode('tick', { group: 'rebuild' });
    if (sentBack.length === 0) continue;
    await log.append(
      topic,
      sentBack.map((partition) => ({ partition, key: 'tick', value })),
    );
  }
  return { partitions, recordsAgain };
}
