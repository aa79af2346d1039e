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

export type LogKey = [topic: string, partition: number, offset: number];

/** How the log's LMDB environment is opened: binary values, ordered keys, named databases. */
export function openLogFile(dir: string, readOnly: boolean) {
  const root = open({ path: join(dir, 'log'), readOnly, maxDbs: 16, noSubdir: false });
  return {
    records: root.openDB<Buffer, LogKey>({ name: 'records', encoding: 'binary' }),
    ends: root.openDB<Buffer, [string, number]>({ name: 'ends', encoding: 'binary' }),
    close: () => root.close(),
  };
}

interface Gathered {
  readonly requests: Logged<RequestFact>[];
  readonly beacons: Logged<BeaconFact>[];
  readonly signals: Logged<SignalFact>[];
  readonly deadLetters: DeadLetterFact[];
  readonly undecodable: Position[];
}

type Growing = { -readonly [K in keyof PartitionFact]: PartitionFact[K] } & { offsets: number[]; times: number[] };

/** Reads every topic of DIR/log. */
export async function readLog(dir: string): Promise<LogFacts> {
  const file = openLogFile(dir, true);
  const gathered: Gathered = { requests: [], beacons: [], signals: [], deadLetters: [], undecodable: [] };
  const partitions = new Map<string, Growing>();
  const partitionAt = (topic: string, partition: number): Growing => {
    const known = partitions.get(`${topic}/${partition}`);
    if (known) return known;
    const made: Growing = { topic, partition, next: 0, offsets: [], times: [], lastRecord: -1 };
    partitions.set(`${topic}/${partition}`, made);
    return made;
  };
  for (const { key, value } of file.ends.getRange()) partitionAt(key[0], key[1]).next = Number(value.readBigInt64BE(0));
  for (const { key, value: stored } of file.records.getRange()) {
    const [topic, partition, offset] = key;
    const { appendedAt, key: recordKey, value } = splitRecord(stored);
    const fact = partitionAt(topic, partition);
    fact.offsets.push(offset);
    fact.times.push(appendedAt);
    if (sort({ topic, partition, offset, appendedAt, key: recordKey }, Buffer.from(value), gathered))
      fact.lastRecord = offset;
  }
  await file.close();
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
