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
  const found = existsSync(join(path, 'data.mdb')) ? await readTables(path) : nothing;
  return {
    id: basename(path),
    owner,
    state: stateOf(owner),
    lastBeat: await lastBeat(path),
    ...found,
    settled: isSettled(path),
  };
}

/** How many dead letters it holds: looks as `peek` does, and reads none of them. 0 where it is being made or has just gone. */
export async function countDeadLetters(path: string): Promise<number> {
  if (!existsSync(join(path, 'data.mdb'))) return 0;
  const root = openToRead(path);
  try {
    return tableOf(root, 'dead')?.getCount() ?? 0;
  } finally {
    await root.close();
  }
}

type Found = Pick<JournalView, 'records' | 'bytes' | 'oldestPutAt' | 'deadLetters'>;

const nothing: Found = { records: 0, bytes: 0, oldestPutAt: null, deadLetters: [] };

function openToRead(path: string) {
  return open<Buffer, (string | number)[]>({ path, encoding: 'binary', readOnly: true, maxDbs: 12 });
}

/** Undefined: whoever made the journal ended before it had this table. */
function tableOf(root: ReturnType<typeof openToRead>, name: string) {
  const table = root.openDB<Buffer, (string | number)[]>({ name, encoding: 'binary' });
  return table as typeof table | undefined;
}

/** One record at a time: a journal may hold more than the memory. */
async function readTables(path: string): Promise<Found> {
  const root = openToRead(path);
  const read = (name: string) =>
    tableOf(root, name)
      ?.getRange({})
      .map(({ key, value }) => decodeRecord(key as [string, number], value)) ?? [];
  try {
    let { records, bytes, oldestPutAt } = nothing;
    for (const record of read('records')) {
      records++;
      bytes += record.bytes;
      oldestPutAt = Math.min(oldestPutAt ?? record.putAt, record.putAt);
    }
    const deadLetters = [...read('dead')].map((record) => ({
      topic: record.topic,
      bytes: record.bytes,
      arrivalId: arrivalIdOf(record),
    }));
    return { records, bytes, oldestPutAt, deadLetters };
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
