import { createHash } from 'node:crypto';
import type { DeskTransaction } from '../engines/catalog/desk.ts';
import { Problem } from '../engines/http/problem.ts';
import type { Answer } from './route.ts';

interface Kept {
  readonly request: Buffer;
  readonly status: number;
  readonly headers: { readonly version?: number; readonly location?: string };
  readonly body: string;
}

/** What a request is, so that a key cannot stand for two. */
export function fingerprint(method: string, url: string, body: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body ?? null]))
    .digest();
}

/** The answer that this key's request got in the last 24 hours; null: it is new. Throws Problem 422 when it was another request. */
export async function earlierAnswer(
  sql: DeskTransaction,
  key: string,
  request: Buffer,
): Promise<Answer<unknown> | null> {
  const { rows } = await sql.query<Kept>(
    `SELECT request, status, headers, body FROM idempotency_keys
     WHERE key = $1 AND created_at > NOW() - INTERVAL '24 hours'`,
    [key],
  );
  const kept = rows[0];
  if (!kept) return null;
  if (!kept.request.equals(request)) {
    throw new Problem(422, 'Idempotency-Key already used', 'this key came before with another request');
  }
  return { status: kept.status, ...kept.headers, body: JSON.parse(kept.body) };
}

/** Kept in the transaction of the write itself: either both happened or neither. */
export async function keepAnswer(
  sql: DeskTransaction,
  key: string,
  request: Buffer,
  { body, status, version, location }: Answer<unknown> & { readonly status: number },
): Promise<void> {
  await sql.query(
    `DELETE FROM idempotency_keys WHERE key IN (
       SELECT key FROM idempotency_keys WHERE created_at < NOW() - INTERVAL '24 hours' ORDER BY created_at LIMIT 100)`,
  );
  const headers = { ...(version === undefined ? {} : { version }), ...(location === undefined ? {} : { location }) };
  await sql.query(
    `INSERT INTO idempotency_keys (key, request, status, headers, body) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (organisation_id, key) DO UPDATE SET
       request = excluded.request, status = excluded.status, headers = excluded.headers, body = excluded.body,
       created_at = NOW()`,
    [key, request, status, JSON.stringify(headers), JSON.stringify(body ?? null)],
  );
}
