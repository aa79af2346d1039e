import type { LogRecord, TopicPartition } from '../engines/event-log/event-log.ts';
import { BROOM_MS, keys } from '../engines/state-store/keys.ts';
import type { StateStore } from '../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import type { Mark } from '../schemas/state-records.ts';
import { update } from './swap.ts';

/** One mark in this time at most. */
const STEP_MS = 60_000;

/**
 * Notes where the partition stands, so that it can be found again by time; keeps what reaches `spanMs` back. Answers the
 * append time of the newest mark.
 */
export async function noteMark(
  store: StateStore,
  group: string,
  { topic, partition, offset, appendedAt }: LogRecord,
  spanMs: number,
  stores: readonly string[] | null,
): Promise<number> {
  const add = (bytes: Buffer | null) => {
    const marks = bytes ? decodeBare('marks-record', bytes).marks : [];
    const last = marks.at(-1);
    if (last && (last.at + STEP_MS > appendedAt || last.offset >= offset)) return null;
    const firstNeeded = marks.findLastIndex((mark) => mark.at <= appendedAt - spanMs);
    const kept = marks.slice(Math.max(0, firstNeeded));
    return encodeBare('marks-record', { marks: [...kept, { offset, at: appendedAt }] });
  };
  await update(store, new Map([[keys.marks(group, topic, partition), add]]), BROOM_MS, stores);
  return appendedAt;
}

/** Whether a record is so much later than the newest mark that it is worth one. */
export function deservesMark(record: LogRecord, markedAt: number): boolean {
  return record.appendedAt >= markedAt + STEP_MS;
}

/** An offset before every record appended after `time`; 0 where the marks do not reach back so far. */
export async function offsetBefore(
  store: StateStore,
  group: string,
  { topic, partition }: TopicPartition,
  time: number,
): Promise<number> {
  const [entry] = await store.read([keys.marks(group, topic, partition)]);
  const marks: readonly Mark[] = entry?.bytes ? decodeBare('marks-record', entry.bytes).marks : [];
  return marks.findLast((mark) => mark.at <= time)?.offset ?? 0;
}
