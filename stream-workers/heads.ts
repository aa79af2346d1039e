import { EngineError } from '../engines/errors.ts';
import type { TopicPartition } from '../engines/event-log/event-log.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import type { Entry, StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { HeadRecord } from '../schemas/records.ts';

const ABSENT: HeadRecord = { position: 0, watermark: 0, caught_up: [] };

function headOf(entry: Entry): HeadRecord {
  return entry.bytes ? decodeBare('head-record', entry.bytes) : ABSENT;
}

/** How far a group has applied each of these partitions. */
export async function readHeads(
  store: StateStore,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<readonly HeadRecord[]> {
  const entries = await store.read(partitions.map(({ topic, partition }) => keys.head(group, topic, partition)));
  return entries.map(headOf);
}

/** The epoch ms before which every beacon is applied by the group, in every partition; 0 while one has no head. */
export async function lowestWatermark(
  store: StateStore,
  group: string,
  topic: string,
  partitions: number,
): Promise<number> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const heads = await readHeads(store, group, all);
  return Math.min(...heads.map((head) => head.watermark));
}

/**
 * Moves a head forward, after the effects. Another member that is further on is left alone. A head before `from`, where this
 * member last knew it, means that the store lost writes: EngineError `store_lost_writes`, and the partition goes back to the head.
 */
export async function moveHead(
  store: StateStore,
  group: string,
  at: TopicPartition,
  from: number,
  to: { readonly position: number; readonly watermark: number },
): Promise<void> {
  const key = keys.head(group, at.topic, at.partition);
  let [entry] = await store.read([key]);
  while (entry) {
    const head = headOf(entry);
    if (head.position < from) {
      const detail = `the head of ${group} on ${at.topic}/${at.partition} is ${head.position}, the batch began at ${from}`;
      throw new EngineError('store_lost_writes', detail);
    }
    if (head.position >= to.position) return;
    const next: HeadRecord = {
      position: to.position,
      watermark: Math.max(head.watermark, to.watermark),
      caught_up: [entry.store],
    };
    const swapped = await store.swap(key, entry, encodeBare('head-record', next), BROOM_MS);
    if (swapped.ok) return;
    entry = swapped.entry;
  }
}
