import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { open } from 'lmdb';
import { decode, UndecodableError } from '../../schemas/codec.ts';
import { isSettled } from './folders.ts';
import { decodeRecord, type JournalRecord } from './journal-store.ts';
import { lastBeat, type Owner, type OwnerState, readOwner, stateOf } from './owner.ts';

/** A journal as somebody sees it who only looks. */
export interface JournalView {
  readonly id: string;
  readonly owner: Owner | null;
  readonly state: OwnerState;
  /** Epoch ms of the owner's clock. */
  readonly lastBeat: number | null;
  readonly records: number;
  readonly bytes: number;
  /** Epoch ms; null: none waits. */
  readonly oldestPutAt: number | null;
  readonly deadLetters: readonly { readonly topic: string; readonly arrivalId: string; readonly bytes: number }[];
  /** Only dead letters are left. */
  readonly settled: boolean;
}

/** Reads without taking the journal or its lock. */
export async function peek(path: string): Promise<JournalView> {
  const owner = await readOwner(path);
  const { records, dead } = existsSync(join(path, 'data.mdb')) ? await readTables(path) : { records: [], dead: [] };
  return {
    id: basename(path),
    owner,
    state: stateOf(owner),
    lastBeat: await lastBeat(path),
    records: records.length,
    bytes: records.reduce((total, { bytes }) => total + bytes, 0),
    oldestPutAt: records.reduce<number | null>((least, { putAt }) => Math.min(least ?? putAt, putAt), null),
    deadLetters: dead.map((record) => ({ topic: record.topic, bytes: record.bytes, arrivalId: arrivalIdOf(record) })),
    settled: isSettled(path),
  };
}

async function readTables(path: string): Promise<{ records: JournalRecord[]; dead: JournalRecord[] }> {
  const root = open<Buffer, (string | number)[]>({ path, encoding: 'binary', readOnly: true, maxDbs: 12 });
  const read = (name: string) => {
    const table = root.openDB<Buffer, (string | number)[]>({ name, encoding: 'binary' });
    return [...table.getRange({})].map(({ key, value }) => decodeRecord(key as [string, number], value));
  };
  try {
    return { records: read('records'), dead: read('dead') };
  } finally {
    await root.close();
  }
}

function arrivalIdOf({ value }: JournalRecord): string {
  try {
    const { value: event } = decode(value);
    return 'arrival_id' in event ? event.arrival_id : '-';
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return '-';
  }
}
