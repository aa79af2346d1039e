import { createHash } from 'node:crypto';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import type { WholeCampaign } from './whole-campaign.ts';

/** Which ids of some lines are free, which are held here, and which by somebody else. */
export interface IdsOfLines {
  /** Ids of one of the lines that this organisation has already, in the order of the line. */
  here(line: WholeCampaign): readonly string[];
  /** The id under which a thing is kept: its own where that is free, else one made of it, the same each time. */
  keep(id: string): string;
}

export async function idsOf(
  sql: DeskTransaction,
  organisation: string,
  lines: readonly WholeCampaign[],
): Promise<IdsOfLines> {
  const given = lines.flatMap(givenIds);
  const elsewhere = await heldElsewhere(sql, given);
  const keep = (id: string) => (elsewhere.has(id.toLowerCase()) ? derivedId(organisation, id) : id.toLowerCase());
  const here = await held(
    sql,
    `SELECT id FROM campaigns WHERE id = ANY ($1::uuid[]) UNION ALL SELECT id FROM creatives WHERE id = ANY ($1::uuid[])
     UNION ALL SELECT id FROM targeting_rules WHERE id = ANY ($1::uuid[])`,
    given.map(keep),
  );
  return { here: (line) => givenIds(line).filter((id) => here.has(keep(id))), keep };
}

/** Ids that must be new: of the campaign, its creatives and its rules. */
export function givenIds({ id, creatives = [], targeting = [] }: WholeCampaign): string[] {
  const all = [id, ...creatives.map((each) => each.id), ...targeting.map((each) => each.id)];
  return all.flatMap((one) => (one === undefined ? [] : [one.toLowerCase()]));
}

/** Those that another organisation has, or had. */
export function heldElsewhere(sql: DeskTransaction, ids: readonly string[]): Promise<ReadonlySet<string>> {
  return held(sql, 'SELECT ids_held_elsewhere($1::uuid[]) AS id', ids);
}

async function held(sql: DeskTransaction, text: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql.query<{ id: string }>(text, [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** A UUID of version 8 (RFC 9562, section 5.8). */
function derivedId(organisation: string, id: string): string {
  const bytes = createHash('sha256').update(`${organisation} ${id.toLowerCase()}`).digest().subarray(0, 16);
  bytes[6] = 0x80 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
