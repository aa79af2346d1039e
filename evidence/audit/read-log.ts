import { join } from 'node:path';
import { open } from 'lmdb';
import { fromWire } from './avro.ts';
import type {
  BeaconFact,
  DeadLetterFact,
  LogFacts,
  Logged,
  PartitionFact,
  Position,
  RequestFact,
  SignalFact,
} from './facts.ts';

/** The three columns in front of a stored record's value: 8 bytes append time, 2 bytes length of the key, the key. */
export function splitRecord(stored: Buffer): {
  readonly appendedAt: number;
  readonly key: string;
  readonly value: Buffer;
} {
  const keyEnds = 10 + stored.readUInt16BE(8);
  return {
    appendedAt: Number(stored.readBigInt64BE(0)),
    key: stored.toString('utf8', 10, keyEnds),
    value: stored.subarray(keyEnds),
  };
}

/** The opposite of `splitRecord`. */
export function joinRecord({ appendedAt, key, value }: Pick<RawRecord, 'appendedAt' | 'key' | 'value'>): Buffer {
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(appendedAt), 0);
  head.writeUInt16BE(Buffer.byteLength(key), 8);
  return Buffer.concat([head, Buffer.from(key), value]);
}

export type LogKey = [topic: string, partition: number, offset: number];

/** A record as the log holds it. */
export interface RawRecord extends Position {
  readonly appendedAt: number;
  readonly key: string;
  readonly value: Buffer;
}

/** A log as it was found: the ends of all partitions, then their records, in order within each partition. */
export interface RawLog {
  readonly ends: readonly { readonly topic: string; readonly partition: number; readonly next: number }[];
  readonly records: readonly RawRecord[];
}

/** How the log's LMDB environment is opened: binary values, ordered keys, named databases. */
export function openLogFile(dir: string, readOnly: boolean) {
  const root = open({ path: join(dir, 'log'), readOnly, maxDbs: 16, noSubdir: false });
  return {
    records: root.openDB<Buffer, LogKey>({ name: 'records', encoding: 'binary' }),
    ends: root.openDB<Buffer, [string, number]>({ name: 'ends', encoding: 'binary' }),
    close: () => root.close(),
  };
}

/** Reads every topic of DIR/log. */
export async function readLogFile(dir: string): Promise<RawLog> {
  const file = openLogFile(dir, true);
  const ends = [...file.ends.getRange()].map(({ key: [topic, partition], value }) => ({
    topic,
    partition,
    next: Number(value.readBigInt64BE(0)),
  }));
  const records = [...file.records.getRange()].map(({ key: [topic, partition, offset], value: stored }) => {
    const { value, ...head } = splitRecord(stored);
    return { topic, partition, offset, ...head, value: Buffer.from(value) };
  });
  await file.close();
  return { ends, records };
}

/** Writes a log that was read elsewhere into DIR/log, as the embedded event log would have. */
export async function writeLogFile(dir: string, log: RawLog): Promise<void> {
  const file = openLogFile(dir, false);
  const lastAt = new Map<string, number>();
  for (const record of log.records) {
    lastAt.set(`${record.topic}/${record.partition}`, record.appendedAt);
    void file.records.put([record.topic, record.partition, record.offset], joinRecord(record));
  }
  for (const { topic, partition, next } of log.ends) {
    const end = Buffer.alloc(16);
    end.writeBigInt64BE(BigInt(next), 0);
    end.writeBigInt64BE(BigInt(lastAt.get(`${topic}/${partition}`) ?? 0), 8);
    void file.ends.put([topic, partition], end);
  }
  await file.records.flushed;
  await file.close();
}

interface Gathered {
  readonly requests: Logged<RequestFact>[];
  readonly beacons: Logged<BeaconFact>[];
  readonly signals: Logged<SignalFact>[];
  readonly deadLetters: DeadLetterFact[];
  readonly undecodable: Position[];
}

type Growing = { -readonly [K in keyof PartitionFact]: PartitionFact[K] } & { offsets: number[]; times: number[] };

/** Sorts a log's records by their kinds. */
export function sortLog(log: RawLog): LogFacts {
  const gathered: Gathered = { requests: [], beacons: [], signals: [], deadLetters: [], undecodable: [] };
  const partitions = new Map<string, Growing>();
  const partitionAt = (topic: string, partition: number): Growing => {
    const known = partitions.get(`${topic}/${partition}`);
    if (known) return known;
    const made: Growing = { topic, partition, next: 0, offsets: [], times: [], lastRecord: -1 };
    partitions.set(`${topic}/${partition}`, made);
    return made;
  };
  for (const { topic, partition, next } of log.ends) partitionAt(topic, partition).next = next;
  for (const { value, ...at } of log.records) {
    const fact = partitionAt(at.topic, at.partition);
    fact.offsets.push(at.offset);
    fact.times.push(at.appendedAt);
    if (sort(at, value, gathered)) fact.lastRecord = at.offset;
  }
  return { partitions: [...partitions.values()], ...gathered };
}

/** Puts a record with its kind; false for a tick. */
function sort(at: Omit<Logged<unknown>, 'value'>, bytes: Buffer, into: Gathered): boolean {
  const record = fromWire(bytes);
  if (record?.name === 'tick') return false;
  if (record?.name === 'ad-request') into.requests.push({ ...at, value: record.value as RequestFact });
  else if (record?.name === 'ad-beacon') into.beacons.push({ ...at, value: record.value as BeaconFact });
  else if (record?.name === 'campaign-signal') into.signals.push({ ...at, value: record.value as SignalFact });
  else if (record?.name === 'dead-letter') into.deadLetters.push(record.value as DeadLetterFact);
  else if (!record) into.undecodable.push({ topic: at.topic, partition: at.partition, offset: at.offset });
  return true;
}
