import type { FrequencyRecord, StreamRecord } from '../../schemas/records.ts';
import type { Counted } from './frequency.ts';

/**
 * The time of a record of the log that erasures are held against (epoch ms): what waited in a journal, or is a decision told again,
 * was appended long after it came.
 */
export function cameAt(appendedAt: number, receivedAt: number): number {
  return Math.min(appendedAt, receivedAt);
}

/**
 * A record that knows that its viewer was erased at `erasedAt` (epoch ms). One that had not heard of it, because a store came
 * back without that write, keeps only what was seen later; places are made again from the log. The same object where nothing
 * changes.
 */
export function forgetUpTo(record: FrequencyRecord, erasedAt: number): FrequencyRecord {
  if (record.erased_at >= erasedAt) return record;
  return { entries: seenAfter(record.entries, erasedAt), totals: [], erased_at: erasedAt };
}

/** The same for the record of a stream. */
export function forgetStreamUpTo(record: StreamRecord, erasedAt: number): StreamRecord {
  if (record.erased_at >= erasedAt) return record;
  return { entries: seenAfter(record.entries, erasedAt), erased_at: erasedAt };
}

function seenAfter<E extends Counted>(entries: readonly E[], erasedAt: number): readonly E[] {
  return entries.filter(({ state, at }) => state === 'CONFIRMED' && at > erasedAt);
}
