import { encode } from '../../schemas/codec.ts';
import type { JournalMark } from '../../schemas/records.ts';
import type { EventLog, OutRecord } from '../event-log/event-log.ts';

/** The topic that decisions are written to, and so the marks of their journals. */
export const MARKED_TOPIC = 'ad-requests';

/** A journal says so again after this time. */
export const MARK_AGAIN_MS = 5 * 60_000;
/** An instance whose journal the log has not heard of for this long (Kafka is away) takes no places and no money. */
export const MARK_GOOD_MS = 2 * 3_600_000;
/** After this time readers take a journal for lost: what it took last, at most MARK_GOOD_MS after its mark, has run out with its tokens. */
export const MARK_FORGOTTEN_MS = 4 * 3_600_000;

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
