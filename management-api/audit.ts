import { createHash } from 'node:crypto';
import type { DeskTransaction } from '../engines/catalog/desk.ts';
import type { Caller } from './access/caller.ts';
import type { ManagementParts } from './parts.ts';

export const actions = ['create', 'update', 'delete', 'read'] as const;

export interface Change {
  readonly at: number;
  readonly actor: string;
  /** `read`: of what viewers have seen, alone. */
  readonly action: (typeof actions)[number];
  readonly resource: string;
  readonly id: string;
  /** As the API shows it; null where there was or is nothing. Never a secret. */
  readonly before: unknown;
  readonly after: unknown;
}

interface Last {
  readonly sequence: string;
  readonly hash: Buffer;
}

/** Appends to the organisation's chain. Only inside a desk write, which is alone: two could not both follow the same entry. */
export async function audit(sql: DeskTransaction, change: Change): Promise<void> {
  await auditAll(sql, [change]);
}

/** Appends several, in their order. */
export async function auditAll(sql: DeskTransaction, changes: readonly Change[]): Promise<void> {
  const { rows } = await sql.query<Last>('SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1');
  let sequence = Number(rows[0]?.sequence ?? 0);
  let last = rows[0]?.hash ?? Buffer.alloc(32);
  const entries = changes.map(({ at, actor, action, resource, id, before, after }) => {
    const entry = JSON.stringify({
      sequence: ++sequence,
      at: new Date(at).toISOString(),
      actor,
      action,
      resource,
      resource_id: id,
      before: before ?? null,
      after: after ?? null,
    });
    const previous = last;
    last = hashOf(previous, entry);
    return [sequence, new Date(at), actor, action, resource, id, entry, previous, last] as const;
  });
  await sql.query(
    `INSERT INTO audit_log (sequence, at, actor, action, resource, resource_id, entry, previous, hash)
     SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::bytea[], $9::bytea[])`,
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((column) => entries.map((entry) => entry[column])),
  );
}

/** For changes from the machine itself. */
export const SYSTEM = 'system';

type Who = { readonly caller: Caller };
type When = Pick<ManagementParts, 'clock'>;
type Shown = { readonly id: string };

/** Audits that a resource came to be, as the API shows it. */
export async function created(ask: Who, { clock }: When, sql: DeskTransaction, resource: string, after: Shown) {
  const change = { at: clock.now(), actor: ask.caller.actor, resource, id: after.id };
  await audit(sql, { ...change, action: 'create', before: null, after });
}

/** Audits what a resource was and what it became. */
export async function changed(
  ask: Who,
  { clock }: When,
  sql: DeskTransaction,
  resource: string,
  before: Shown,
  after: Shown,
) {
  const change = { at: clock.now(), actor: ask.caller.actor, resource, id: before.id };
  await audit(sql, { ...change, action: 'update', before, after });
}

/** Audits that a resource is gone, and what it was. */
export async function deleted(ask: Who, { clock }: When, sql: DeskTransaction, resource: string, before: Shown) {
  const change = { at: clock.now(), actor: ask.caller.actor, resource, id: before.id };
  await audit(sql, { ...change, action: 'delete', before, after: null });
}

/** SHA-256 over the hash before and the entry's text: changing one changes all that follow. */
export function hashOf(previous: Buffer, entry: string): Buffer {
  return createHash('sha256').update(previous).update(entry).digest();
}
