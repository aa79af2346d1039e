import { join } from 'node:path';
import { open } from 'lmdb';
import { schemaType } from './avro.ts';
import type { FrequencyEntryFact, MoneyFact, StateFacts, SumsFact } from './facts.ts';

/** How the state store's LMDB environment is opened. */
export function openStateFile(dir: string, readOnly: boolean) {
  const root = open({ path: join(dir, 'state'), readOnly, maxDbs: 16, noSubdir: false });
  return { records: root.openDB<Buffer, string>({ name: 'records', encoding: 'binary' }), close: () => root.close() };
}

/** Before a record's bytes: 8 bytes version, 8 bytes expiry. */
const HEADER_BYTES = 16;

/** A key of the state store as it was found. */
export interface RawEntry {
  readonly key: string;
  /** Of a record; of a bucket of claims nothing. */
  readonly bytes: Buffer;
  /** Epoch ms; 0: it never ends. */
  readonly expiresAt: number;
}

/** Reads DIR/state. */
export async function readStateFile(dir: string): Promise<RawEntry[]> {
  const file = openStateFile(dir, true);
  const entries = [...file.records.getRange()].map(({ key, value }) => ({
    key: String(key),
    bytes: Buffer.from(value.subarray(HEADER_BYTES)),
    expiresAt: Number(value.readBigUInt64BE(8)),
  }));
  await file.close();
  return entries;
}

/** Writes what a state store held into DIR/state, as the embedded one would have. */
export async function writeStateFile(dir: string, entries: readonly RawEntry[]): Promise<void> {
  const file = openStateFile(dir, false);
  for (const { key, bytes, expiresAt } of entries) {
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeBigUInt64BE(1n, 0);
    head.writeBigUInt64BE(BigInt(expiresAt), 8);
    void file.records.put(key, Buffer.concat([head, bytes]));
  }
  await file.records.flushed;
  await file.close();
}

/** Keys begin with f: (frequency), t: (streams), m: (money), s: (sums), h: (heads); of the rest only the expiry is the audit's. */
export function sortState(entries: readonly RawEntry[]): StateFacts {
  const money = new Map<string, MoneyFact>();
  const sums: SumsFact[] = [];
  const frequency: { scope: string; hash: string; entries: readonly FrequencyEntryFact[] }[] = [];
  const heads: { group: string; topic: string; partition: number; position: number }[] = [];
  for (const { key, bytes } of entries) {
    const [kind, a = '', b = '', c = ''] = key.split(':');
    if (kind === 'm') money.set(a, schemaType('money-record').fromBuffer(bytes) as MoneyFact);
    if (kind === 's') {
      const record = schemaType('sums-record').fromBuffer(bytes) as Pick<SumsFact, 'campaigns'>;
      sums.push({ partition: Number(a), minute: Number(b), campaigns: record.campaigns });
    }
    if (kind === 'f') {
      const record = schemaType('frequency-record').fromBuffer(bytes) as { entries: readonly FrequencyEntryFact[] };
      frequency.push({ scope: a, hash: key.slice(`f:${a}:`.length), entries: record.entries });
    }
    if (kind === 't') {
      const record = schemaType('stream-record').fromBuffer(bytes) as { entries: readonly FrequencyEntryFact[] };
      frequency.push({ scope: 'stream', hash: key.slice('t:'.length), entries: record.entries });
    }
    if (kind === 'h') {
      const record = schemaType('head-record').fromBuffer(bytes) as { position: number };
      heads.push({ group: a, topic: b, partition: Number(c), position: record.position });
    }
  }
  const endless = entries.filter(({ expiresAt }) => expiresAt <= 0).map(({ key }) => key);
  return { money, sums, frequency, heads, keys: { count: entries.length, endless } };
}
