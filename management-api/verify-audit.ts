import type { DeskTransaction } from '../engines/catalog/desk.ts';
import { hashOf } from './audit.ts';

const BATCH = 2_000;

export interface ChainVerdict {
  readonly intact: boolean;
  readonly entries: number;
  /** The newest entry: noted elsewhere, it also tells later whether entries were cut off. */
  readonly head: { readonly sequence: number; readonly hash: string } | null;
  /** The first entry that does not hold, and why. */
  readonly broken: { readonly sequence: number; readonly why: string } | null;
}

interface Row {
  readonly sequence: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly resource_id: string;
  readonly entry: string;
  readonly previous: Buffer;
  readonly hash: Buffer;
}

/**
 * Walks the organisation's whole chain, from its first entry. `known`: an entry that somebody noted earlier; a chain that was
 * written anew or cut off before it is not intact.
 */
export async function verifyChain(
  sql: DeskTransaction,
  known: { readonly sequence: number; readonly hash: string } | null,
): Promise<ChainVerdict> {
  let sequence = 0;
  let hash: Buffer = Buffer.alloc(32);
  while (true) {
    const { rows } = await sql.query<Row>(
      `SELECT sequence, at, actor, action, resource, resource_id, entry, previous, hash FROM audit_log
       WHERE sequence > $1 ORDER BY sequence LIMIT ${BATCH}`,
      [sequence],
    );
    for (const row of rows) {
      const why = faultOf(row, sequence, hash, known);
      if (why !== null) return verdict(sequence, hash, { sequence: Number(row.sequence), why });
      sequence = Number(row.sequence);
      hash = row.hash;
    }
    if (rows.length < BATCH) break;
  }
  if (known !== null && known.sequence > sequence) {
    return verdict(sequence, hash, {
      sequence: sequence + 1,
      why: `entries up to ${known.sequence} were known and are gone`,
    });
  }
  return verdict(sequence, hash, null);
}

function verdict(sequence: number, hash: Buffer, broken: ChainVerdict['broken']): ChainVerdict {
  const head = sequence === 0 ? null : { sequence, hash: hash.toString('hex') };
  return { intact: broken === null, entries: sequence, head, broken };
}

function faultOf(row: Row, before: number, previous: Buffer, known: { sequence: number; hash: string } | null) {
  const sequence = Number(row.sequence);
  if (sequence !== before + 1) return `entry ${before + 1} is missing`;
  if (!row.previous.equals(previous)) return 'it does not follow the entry before it';
  if (!hashOf(row.previous, row.entry).equals(row.hash)) return 'its text is not what was hashed';
  if (!tellsTheSame(row, sequence)) return 'its columns say something else than its text';
  if (known?.sequence === sequence && known.hash.toLowerCase() !== row.hash.toString('hex'))
    return 'it is not the entry that was known';
  return null;
}

/** Lists are filtered by the columns, which are not hashed. */
function tellsTheSame(row: Row, sequence: number): boolean {
  const told = JSON.parse(row.entry);
  return (
    told.sequence === sequence &&
    told.at === row.at.toISOString() &&
    told.actor === row.actor &&
    told.action === row.action &&
    told.resource === row.resource &&
    told.resource_id === row.resource_id
  );
}
