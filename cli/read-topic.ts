import { randomUUID } from 'node:crypto';
import type { EventLog, LogRecord } from '../engines/event-log/event-log.ts';

/**
 * Hands every record that the topic holds now to `take`, partition by partition in order, and leaves no trace in any
 * group that works. Records appended meanwhile may be missing. An error of `take` rejects.
 */
export async function readTopic(log: EventLog, topic: string, take: (record: LogRecord) => void): Promise<void> {
  const ends = await log.ends(topic);
  const open = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])));
  if (open.size === 0) return;
  const next = new Map<number, number>();
  const done = Promise.withResolvers<void>();
  const subscription = await log.subscribe(`read-${randomUUID()}`, [topic], {
    resume: async ({ partition }) => next.get(partition) ?? 0,
    apply: async (records) => {
      for (const record of records) {
        const wanted = next.get(record.partition) ?? 0;
        if (record.offset < wanted || record.offset >= (ends[record.partition] ?? 0)) continue;
        try {
          take(record);
        } catch (error) {
          done.reject(error);
          return;
        }
        next.set(record.partition, record.offset + 1);
      }
      const last = records.at(-1);
      if (last !== undefined && last.offset + 1 >= (ends[last.partition] ?? 0)) open.delete(last.partition);
      if (open.size === 0) done.resolve();
    },
  });
  try {
    await done.promise;
  } finally {
    await subscription.stop();
  }
}
