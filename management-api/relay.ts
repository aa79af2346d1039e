import type { Catalog, OutboxRecord } from '../engines/catalog/catalog.ts';
import { APPEND_BYTES_MAX, bytesOf } from '../engines/event-log/append-bytes.ts';
import type { EventLog, OutRecord } from '../engines/event-log/event-log.ts';
import { partitionOf } from '../engines/event-log/partition.ts';
import { encode } from '../schemas/codec.ts';
import { events } from '../schemas/events.ts';

const { topic } = events['catalog-change'];
const BATCH = 100;

interface Waiting {
  readonly of: OutboxRecord;
  readonly record: OutRecord;
}

/**
 * Appends what waits in the outbox to `catalog-changes`, in commit order, until nothing waits; answers how many
 * records. At least once: records are marked relayed only after the log has them, so a death in between repeats them. Readers
 * keep the newest version of an id. One that is larger than any call may be is told to `passedOver` and holds nobody up:
 * deciders have it from the catalog. EngineErrors of catalog and log pass through; nothing is lost by them.
 */
export async function relayOutbox(
  catalog: Catalog,
  log: EventLog,
  passedOver: (record: OutboxRecord, bytes: number) => void = () => undefined,
): Promise<number> {
  const partitions = await log.partitions(topic);
  let relayed = 0;
  while (true) {
    const waiting = await catalog.outbox(BATCH);
    for (const call of callsOf(waiting.map((of) => ({ of, record: toLogRecord(of, partitions) })))) {
      const [first] = call;
      if (first && bytesOf(first.record) > APPEND_BYTES_MAX) passedOver(first.of, bytesOf(first.record));
      else {
        await log.append(
          topic,
          call.map(({ record }) => record),
        );
        relayed += call.length;
      }
      await catalog.relayed(call.map(({ of }) => of.sequence));
    }
    if (waiting.length < BATCH) return relayed;
  }
}

/** In their order, as many to a call as the log takes even of one partition; what is too large by itself is alone. */
function callsOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const calls: Waiting[][] = [];
  let bytes = 0;
  for (const each of waiting) {
    const size = bytesOf(each.record);
    const call = calls.at(-1);
    if (call !== undefined && bytes + size <= APPEND_BYTES_MAX) {
      call.push(each);
      bytes += size;
    } else {
      calls.push([each]);
      bytes = size;
    }
  }
  return calls;
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
