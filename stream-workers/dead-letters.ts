import type { EventLog, LogRecord } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { encode } from '../schemas/codec.ts';
import { events } from '../schemas/events.ts';

/** A record that cannot be used, and why. */
export interface DeadRecord {
  readonly record: LogRecord;
  readonly reason: 'undecodable';
  readonly detail: string;
}

/** Keeps the original bytes with where they came from. A replayed batch writes them again: the source position names them. */
export async function toDeadLetters(log: EventLog, group: string, dead: readonly DeadRecord[]): Promise<void> {
  const { topic } = events['dead-letter'];
  const partitions = await log.partitions(topic);
  const records = dead.map(({ record, reason, detail }) => ({
    partition: partitionOf(record.topic, partitions),
    key: record.topic,
    value: encode('dead-letter', {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      appended_at: record.appendedAt,
      group,
      reason,
      detail,
      key: record.key,
      bytes: record.value,
    }),
  }));
  await log.append(topic, records);
}
