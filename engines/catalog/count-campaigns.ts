import { asEngineErrors, openPool } from './postgres-client.ts';

/** How many campaigns there are in the catalog of a migrated PostgreSQL. Rejects with EngineError. */
export async function countCampaigns(url: string): Promise<number> {
  const pool = openPool(url, 1);
  try {
    return await asEngineErrors(async () => {
      const { rows } = await pool.query<{ campaigns: number }>('SELECT count(*)::int AS campaigns FROM campaigns');
      return rows[0]?.campaigns ?? 0;
    });
  } finally {
    await pool.end();
  }
}
