import { EngineError } from '../errors.ts';
import type { LmdbEnvironment, StoredTable } from '../lmdb/environment.ts';
import { checkKey } from '../lmdb/environment.ts';
import type { Appended, LogRecord, OutRecord, TopicSpec } from './event-log.ts';

/** What the `topics` table holds for a topic, as JSON text. */
export type TopicSettings = Pick<TopicSpec, 'partitions' | 'retentionMs'>;

interface End {
  next: number;
  lastAppendedAt: number;
}

const HEADER_BYTES = 10;
/** An `apply` gets no more than this at once, so that large records do not fill the memory; always one record. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The files of the log; an outside reader may rely on them.
 *
 * `records`: [topic, partition, offset] -> 8 bytes append time (epoch ms) | 2 bytes key length | key (UTF-8) | value.
 * `ends`: [topic, partition] -> 8 bytes next offset | 8 bytes last append time. `topics`: topic -> JSON
 * {partitions, retentionMs}. Numbers are big endian. Methods ending in `InTransaction` belong inside `environment.write`.
 */
export class LogStore {
  readonly #environment: LmdbEnvironment;
  readonly #records: StoredTable;
  readonly #ends: StoredTable;
  readonly #topics: StoredTable;

  constructor(environment: LmdbEnvironment) {
    this.#environment = environment;
    this.#records = environment.table('records');
    this.#ends = environment.table('ends');
    this.#topics = environment.table('topics');
  }

  /** All of them or, with EngineError `misconfigured`, none. */
  ensureTopicsInTransaction(specs: readonly TopicSpec[]): void {
    const missing = specs.filter((spec) => this.#isNews(spec));
    for (const { name, partitions, retentionMs } of missing) {
      this.#topics.put(name, Buffer.from(JSON.stringify({ partitions, retentionMs } satisfies TopicSettings)));
    }
  }

  #isNews(spec: TopicSpec): boolean {
    const { name, partitions, retentionMs } = spec;
    const bytes = this.#topics.get(checkKey(name));
    const known = bytes && (JSON.parse(bytes.toString()) as TopicSettings);
    if (known && (known.partitions > partitions || known.retentionMs !== retentionMs)) {
      const there = `${known.partitions} partitions kept for ${known.retentionMs} ms`;
      throw new EngineError('misconfigured', `topic ${name} has ${there}, not ${partitions} for ${retentionMs} ms`);
    }
    return known?.partitions !== partitions;
  }

  /** In the snapshot of this event turn, or of the transaction. Unknown: EngineError `misconfigured`. */
  settings(topic: string): TopicSettings {
    const bytes = this.#topics.get(checkKey(topic));
    if (!bytes) throw new EngineError('misconfigured', `there is no topic ${topic}`);
    return JSON.parse(bytes.toString());
  }

  topics(): readonly string[] {
    return [...this.#topics.getKeys()].map(String);
  }

  appendInTransaction(topic: string, records: readonly OutRecord[], nowMs: number): readonly Appended[] {
    const { partitions } = this.settings(topic);
    const keys = records.map((record) => checkRecord(topic, record, partitions));
    const ends = new Map<number, End>();
    const appended = records.map((record, at) => {
      const end = ends.get(record.partition) ?? this.#end(topic, record.partition);
      ends.set(record.partition, end);
      const place = { offset: end.next, appendedAt: Math.max(end.lastAppendedAt, nowMs) };
      this.#records.put(
        [topic, record.partition, place.offset],
        encodeRecord(place.appendedAt, keys[at], record.value),
      );
      end.next++;
      end.lastAppendedAt = place.appendedAt;
      return place;
    });
    for (const [partition, end] of ends) this.#ends.put([topic, partition], encodeEnd(end));
    return appended;
  }

  nextOffset(topic: string, partition: number): number {
    return this.#end(topic, partition).next;
  }

  /** Lets the reads that follow see every commit so far. */
  refresh(): void {
    this.#environment.refresh();
  }

  /** Records from `from` on, or from the oldest kept: at most `limit` of them and 8 MiB, but always one. */
  read(topic: string, partition: number, from: number, limit: number): LogRecord[] {
    this.refresh();
    const records: LogRecord[] = [];
    let bytes = 0;
    const range = { start: [topic, partition, from], end: [topic, partition, Number.MAX_SAFE_INTEGER], limit };
    for (const { key, value } of this.#records.getRange(range)) {
      bytes += value.length;
      if (records.length > 0 && bytes > BATCH_BYTES_MAX) break;
      records.push(decodeRecord(topic, partition, (key as [string, number, number])[2], value));
    }
    return records;
  }

  /** Removes up to `limit` of a partition's oldest records, if appended before `beforeMs`; answers how many. */
  trimInTransaction(topic: string, partition: number, beforeMs: number, limit: number): number {
    const start = [topic, partition, 0];
    const end = [topic, partition, this.nextOffset(topic, partition)];
    const old: (string | number)[][] = [];
    for (const { key, value } of this.#records.getRange({ start, end, limit })) {
      if (readUint64(value, 0) >= beforeMs) break;
      old.push(key as (string | number)[]);
    }
    for (const key of old) this.#records.remove(key);
    return old.length;
  }

  #end(topic: string, partition: number): End {
    const bytes = this.#ends.get([topic, partition]);
    return bytes
      ? { next: readUint64(bytes, 0), lastAppendedAt: readUint64(bytes, 8) }
      : { next: 0, lastAppendedAt: 0 };
  }
}

function checkRecord(topic: string, { partition, key }: OutRecord, partitions: number): Buffer {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
    throw new EngineError('refused', `topic ${topic} has ${partitions} partitions, no ${partition}`);
  }
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.length > 0xffff) throw new EngineError('refused', `a record's key has ${bytes.length} bytes, over 65535`);
  return bytes;
}

function encodeRecord(appendedAt: number, key: Buffer = Buffer.alloc(0), value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + key.length + value.length);
  bytes.writeBigUInt64BE(BigInt(appendedAt), 0);
  bytes.writeUInt16BE(key.length, 8);
  key.copy(bytes, HEADER_BYTES);
  value.copy(bytes, HEADER_BYTES + key.length);
  return bytes;
}

function decodeRecord(topic: string, partition: number, offset: number, bytes: Buffer): LogRecord {
  const valueAt = HEADER_BYTES + bytes.readUInt16BE(8);
  const key = bytes.toString('utf8', HEADER_BYTES, valueAt);
  return { topic, partition, offset, appendedAt: readUint64(bytes, 0), key, value: bytes.subarray(valueAt) };
}

function encodeEnd(end: End): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeBigUInt64BE(BigInt(end.next), 0);
  bytes.writeBigUInt64BE(BigInt(end.lastAppendedAt), 8);
  return bytes;
}

function readUint64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64BE(at));
}
