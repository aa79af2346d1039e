import type { DeskTransaction } from '../../engines/catalog/desk.ts';

/**
 * Whether anybody, of any organisation, has the address, in whatever capitals. Others who ask for it wait until the transaction ends, so
 * that the row that it is written into is the only one.
 */
export async function isTakenAddress(sql: DeskTransaction, address: string): Promise<boolean> {
  const { rows } = await sql.query<{ taken: boolean }>('SELECT is_taken_address($1) AS taken', [address]);
  return rows[0]?.taken === true;
}
