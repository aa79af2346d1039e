import type { Catalog, OutboxRecord } from '../engines/catalog/catalog.ts';
import type { EventLog, OutRecord } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { encode } from '../schemas/codec.ts';
import { events } from '../schemas/events.ts';

const { topic } = events['catalog-change'];
/** A campaign document is a few KB: a batch stays well under a megabyte. */
const BATCH = 100;

/**
 * Appends what waits in the outbox to `catalog-changes`, in commit order, until nothing waits; answers how many
 * records. At least once: a batch is marked relayed only after the log has it, so a death in between repeats it. Readers
 * keep the newest version of an id. EngineErrors of catalog and log pass through; nothing is lost by them.
 */
export async function relayOutbox(catalog: Catalog, log: EventLog): Promise<number> {
  const partitions = await log.partitions(topic);
  let relayed = 0;
  while (true) {
    const waiting = await catalog.outbox(BATCH);
    if (waiting.length === 0) return relayed;
    await log.append(
      topic,
      waiting.map((record) => toLogRecord(record, partitions)),
    );
    await catalog.relayed(waiting.map(({ sequence }) => sequence));
    relayed += waiting.length;
    if (waiting.length < BATCH) return relayed;
  }
}

function toLogRecord(record: OutboxRecord, partitions: number): OutRecord {
  const value = encode('catalog-change', {
    kind: record.kind,
    id: record.id,
    version: record.version,
    deleted: record.document === null,
    document: record.document === null ? null : JSON.stringify(record.document),
    changed_at: record.changedAt,
  });
  return { partition: partitionOf(record.id, partitions), key: record.id, value };
}
