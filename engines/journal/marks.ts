import { encode } from '../../schemas/codec.ts';
import type { JournalMark } from '../../schemas/records.ts';
import type { EventLog, OutRecord } from '../event-log/event-log.ts';

/** The topic that decisions are written to, and so the marks of their journals. */
export const MARKED_TOPIC = 'ad-requests';

/** A journal says so again after this time, and its readers take it for lost after a day: see docs/decisions/0010. */
export const MARK_AGAIN_MS = 3_600_000;
/** An instance whose journal the log has not heard of for this long takes no places and no money. */
export const MARK_GOOD_MS = 12 * 3_600_000;
export const MARK_FORGOTTEN_MS = 24 * 3_600_000;

/** The same mark for each partition: within a partition it stands behind every decision that was put before it. */
export function marksOf(mark: JournalMark, partitions: number): readonly OutRecord[] {
  const value = encode('journal-mark', mark);
  return Array.from({ length: partitions }, (_, partition) => ({ partition, key: mark.journal, value }));
}

/** Says in every partition that the journal is empty and takes nothing any more. Rejects as the log does. */
export async function markClosed(log: EventLog, journal: string): Promise<void> {
  const partitions = await log.partitions(MARKED_TOPIC);
  await log.append(MARKED_TOPIC, marksOf({ journal, stores: [], closed: true }, partitions));
}
