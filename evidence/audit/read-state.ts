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

/** Reads DIR/state: keys begin with f: (frequency), t: (streams), m: (money), s: (sums), h: (heads); the rest is none of the audit's. */
export async function readState(dir: string): Promise<StateFacts> {
  const file = openStateFile(dir, true);
  const money = new Map<string, MoneyFact>();
  const sums: SumsFact[] = [];
  const frequency: { scope: string; hash: string; entries: readonly FrequencyEntryFact[] }[] = [];
  const heads: { group: string; topic: string; partition: number; position: number }[] = [];
  for (const { key, value } of file.records.getRange()) {
    const bytes = Buffer.from(value.subarray(HEADER_BYTES));
    const [kind, a = '', b = '', c = ''] = String(key).split(':');
    if (kind === 'm') money.set(a, schemaType('money-record').fromBuffer(bytes) as MoneyFact);
    if (kind === 's') {
      const record = schemaType('sums-record').fromBuffer(bytes) as Pick<SumsFact, 'campaigns'>;
      sums.push({ partition: Number(a), minute: Number(b), campaigns: record.campaigns });
    }
    if (kind === 'f') {
      const record = schemaType('frequency-record').fromBuffer(bytes) as { entries: readonly FrequencyEntryFact[] };
      frequency.push({ scope: a, hash: String(key).slice(`f:${a}:`.length), entries: record.entries });
    }
    if (kind === 't') {
      const record = schemaType('stream-record').fromBuffer(bytes) as { entries: readonly FrequencyEntryFact[] };
      frequency.push({ scope: 'stream', hash: String(key).slice('t:'.length), entries: record.entries });
    }
    if (kind === 'h') {
      const record = schemaType('head-record').fromBuffer(bytes) as { position: number };
      heads.push({ group: a, topic: b, partition: Number(c), position: record.position });
    }
  }
  await file.close();
  return { money, sums, frequency, heads };
}
