import type { LmdbEnvironment, StoredTable } from '../lmdb/environment.ts';
import { checkKey } from '../lmdb/environment.ts';
import type { Entry, Swapped } from './state-store.ts';

const HEADER_BYTES = 16;
const COUNTER = 'version';

/**
 * Versioned records. `records`: key -> 8 bytes version | 8 bytes expiry (epoch ms) | bytes, big endian. Versions come
 * from one counter of the store (`meta`), so that none repeats for a key, even after the key expired and came back.
 * Methods ending in `InTransaction` belong inside `environment.write`.
 */
export class RecordStore {
  readonly #records: StoredTable;
  readonly #meta: StoredTable;
  readonly #id: string;

  constructor(environment: LmdbEnvironment, id: string) {
    this.#records = environment.table('records');
    this.#meta = environment.table('meta');
    this.#id = id;
  }

  /** In the snapshot of this event turn, or of the transaction. */
  read(key: string, nowMs: number): Entry {
    const stored = this.#records.get(checkKey(key));
    if (!stored || expiryOf(stored) <= nowMs) return { version: 0, bytes: null, store: this.#id };
    return { version: Number(stored.readBigUInt64BE(0)), bytes: stored.subarray(HEADER_BYTES), store: this.#id };
  }

  swapInTransaction(key: string, seen: Entry, next: { bytes: Buffer; expiresInMs: number }, nowMs: number): Swapped {
    const entry = this.read(key, nowMs);
    if (entry.version !== seen.version || seen.store !== this.#id) return { ok: false, entry };
    const version = this.#nextVersion();
    const stored = Buffer.allocUnsafe(HEADER_BYTES + next.bytes.length);
    stored.writeBigUInt64BE(BigInt(version), 0);
    stored.writeBigUInt64BE(BigInt(nowMs + next.expiresInMs), 8);
    next.bytes.copy(stored, HEADER_BYTES);
    this.#records.put(key, stored);
    return { ok: true, entry: { version, bytes: next.bytes, store: this.#id } };
  }

  /** Looks at up to `limit` records after `from`; answers the expired ones and where to go on, null at the end. */
  expired(from: string, limit: number, nowMs: number): { readonly keys: string[]; readonly next: string | null } {
    const keys: string[] = [];
    let seen = 0;
    let last: string | null = null;
    for (const { key, value } of this.#records.getRange(from === '' ? { limit } : { start: from, limit })) {
      seen++;
      last = key as string;
      if (expiryOf(value) <= nowMs) keys.push(last);
    }
    return { keys, next: seen === limit ? last : null };
  }

  removeExpiredInTransaction(keys: readonly string[], nowMs: number): void {
    for (const key of keys) {
      const stored = this.#records.get(key);
      if (stored && expiryOf(stored) <= nowMs) this.#records.remove(key);
    }
  }

  #nextVersion(): number {
    const version = Number(this.#meta.get(COUNTER)?.readBigUInt64BE(0) ?? 0n) + 1;
    this.#meta.put(COUNTER, uint64(version));
    return version;
  }
}

function expiryOf(stored: Buffer): number {
  return Number(stored.readBigUInt64BE(8));
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
