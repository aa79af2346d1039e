import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';

/** Throws Problem 422 when the organisation has no such advertiser. */
export async function advertiserName(sql: DeskTransaction, id: string): Promise<string> {
  const { rows } = await sql.query<{ name: string }>('SELECT name FROM advertisers WHERE id = $1', [id]);
  if (rows[0]) return rows[0].name;
  throw new Problem(422, 'No such advertiser', `there is no advertiser ${id}`, [
    { pointer: '/advertiser_id', detail: 'is not an advertiser of yours' },
  ]);
}
