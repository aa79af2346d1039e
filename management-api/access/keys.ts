import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CatalogDesk, DeskTransaction } from '../../engines/catalog/desk.ts';
import type { Caller } from './caller.ts';
import { type Scope, scopes } from './roles.ts';

const form = /^bw_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

export interface MadeKey {
  /** Told once, kept by nobody but its owner. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/** bw_<prefix>_<256 bits>: the prefix finds the row, the rest is compared by hash. */
export function makeKey(): MadeKey {
  const prefix = randomBytes(6).toString('hex');
  const key = `bw_${prefix}_${randomBytes(32).toString('base64url')}`;
  return { key, prefix, hash: hashOf(key) };
}

export interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly createdBy: string | null;
  /** Absent or null: as the server gives to everybody. */
  readonly requestsInMinute?: number | null;
}

/** Writes the key's row in the transaction's organisation; answers the key itself. */
export async function createKey(sql: DeskTransaction, wanted: NewKey): Promise<string> {
  const { key, prefix, hash } = makeKey();
  await sql.query(
    `INSERT INTO api_keys (id, name, prefix, hash, scopes, expires_at, created_by, requests_per_minute)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      wanted.id,
      wanted.name,
      prefix,
      hash,
      wanted.scopes,
      wanted.expiresAt,
      wanted.createdBy,
      wanted.requestsInMinute ?? null,
    ],
  );
  return key;
}

interface KeyRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly requests_per_minute: number | null;
  /** Its last use is older than a minute, or there was none. */
  readonly stale: boolean;
}

/** Whose key this is; null: nobody's, or it was revoked or has expired. Notes its last use, to the minute. */
export async function callerOfKey(desk: CatalogDesk, key: string): Promise<Caller | null> {
  const prefix = form.exec(key)?.[1];
  if (prefix === undefined) return null;
  const row = await desk.system(async (sql) => {
    const { rows } = await sql.query<KeyRow>(
      `SELECT id, organisation_id, hash, scopes, requests_per_minute,
         COALESCE(last_used_at < NOW() - INTERVAL '1 minute', true) AS stale FROM api_keys
       WHERE prefix = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > NOW())`,
      [prefix],
    );
    const [found] = rows;
    if (!found || !timingSafeEqual(found.hash, hashOf(key))) return null;
    if (found.stale) await sql.query('UPDATE api_keys SET last_used_at = NOW() WHERE id = $1', [found.id]);
    return found;
  });
  if (row === null) return null;
  const known = new Set<string>(scopes);
  return {
    organisation: row.organisation_id,
    actor: `key:${row.id}`,
    userId: null,
    scopes: new Set(row.scopes.filter((scope) => known.has(scope))),
    requestsInMinute: row.requests_per_minute,
  };
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
