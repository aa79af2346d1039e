import type { LmdbEnvironment, StoredTable } from '../lmdb/environment.ts';
import { checkKey } from '../lmdb/environment.ts';
import { uint64 } from './record-store.ts';

/**
 * Claims. `claims`: [bucket, id] -> 8 bytes offset; `buckets`: bucket -> 8 bytes expiry (epoch ms), big endian.
 * Methods ending in `InTransaction` belong inside `environment.write`.
 */
export class ClaimStore {
  readonly #claims: StoredTable;
  readonly #buckets: StoredTable;

  constructor(environment: LmdbEnvironment) {
    this.#claims = environment.table('claims');
    this.#buckets = environment.table('buckets');
  }

  claimInTransaction(
    bucket: string,
    wanted: readonly { readonly id: string; readonly offset: number }[],
    times: { readonly nowMs: number; readonly expiresInMs: number },
  ): number[] {
    checkKey(bucket);
    for (const { id } of wanted) checkKey(bucket + id);
    const expiry = this.#expiryOf(bucket);
    if (expiry !== null && expiry <= times.nowMs) while (!this.dropSomeInTransaction(bucket, 1_000));
    this.#buckets.put(bucket, uint64(times.nowMs + times.expiresInMs));
    return wanted.map(({ id, offset }) => {
      const held = this.#claims.get([bucket, id]);
      if (held) return Number(held.readBigUInt64BE(0));
      this.#claims.put([bucket, id], uint64(offset));
      return offset;
    });
  }

  /** Forgets up to `limit` claims of the bucket; true once it is gone. */
  dropSomeInTransaction(bucket: string, limit: number): boolean {
    const range = { start: [checkKey(bucket)], end: [bucket, '\u{10ffff}'], limit };
    const keys = [...this.#claims.getKeys(range)];
    for (const key of keys) this.#claims.remove(key);
    if (keys.length === limit) return false;
    this.#buckets.remove(bucket);
    return true;
  }

  /** As `dropSomeInTransaction`, unless somebody has claimed in it since it expired. */
  dropSomeIfExpiredInTransaction(bucket: string, limit: number, nowMs: number): boolean {
    const expiry = this.#expiryOf(bucket);
    return expiry === null || expiry > nowMs || this.dropSomeInTransaction(bucket, limit);
  }

  expired(nowMs: number): string[] {
    return [...this.#buckets.getRange({})]
      .filter(({ value }) => Number(value.readBigUInt64BE(0)) <= nowMs)
      .map(({ key }) => key as string);
  }

  #expiryOf(bucket: string): number | null {
    const bytes = this.#buckets.get(bucket);
    return bytes ? Number(bytes.readBigUInt64BE(0)) : null;
  }
}
