import type pg from 'pg';
import { announceCampaigns, announceGone, putCampaignRows } from './announce.ts';
import { loadCampaigns } from './campaign-documents.ts';
import type { CatalogDesk, DeskTransaction, DeskWrite } from './desk.ts';
import { asEngineErrors, inTransaction, lockWrites, openPool } from './postgres-client.ts';

const CONNECTIONS_MAX = 10;

/** The desk of a migrated PostgreSQL 15 or newer. `replicaUrl`: where reads that may be a little old go. */
export function openPostgresDesk(options: { readonly url: string; readonly replicaUrl: string | null }): CatalogDesk {
  const pool = openPool(options.url, CONNECTIONS_MAX);
  const replica = options.replicaUrl === null ? pool : openPool(options.replicaUrl, CONNECTIONS_MAX);
  let closing: Promise<unknown> | undefined;
  return {
    read: (organisation, work, fresh) =>
      inTransaction(
        fresh === 'fresh' ? pool : replica,
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        async (client) => {
          await actAs(client, organisation);
          return await work(reading(client));
        },
      ),
    write: (organisation, work) =>
      inTransaction(pool, 'BEGIN', async (client) => {
        await lockWrites(client);
        await actAs(client, organisation);
        return await work(writing(client));
      }),
    system: (work) => inTransaction(pool, 'BEGIN', async (client) => work(reading(client))),
    async close() {
      closing ??= Promise.all(pool === replica ? [pool.end()] : [pool.end(), replica.end()]);
      await closing;
    },
  };
}

/** Until the transaction ends: a role under row-level security, and whose rows it sees. */
async function actAs(client: pg.PoolClient, organisation: string): Promise<void> {
  await client.query(
    `SELECT set_config('role', 'breakwater_tenant', true), set_config('breakwater.organisation', $1, true)`,
    [organisation],
  );
}

function reading(client: pg.PoolClient): DeskTransaction {
  return {
    query: (text, values = []) =>
      asEngineErrors(async () => {
        const { rows, rowCount } = await client.query(text, [...values]);
        return { rows: rows as never, count: rowCount ?? 0 };
      }),
    campaigns: (ids) => asEngineErrors(() => loadCampaigns(client, ids)),
  };
}

function writing(client: pg.PoolClient): DeskWrite {
  return {
    ...reading(client),
    putCampaign: (campaign) => asEngineErrors(() => putCampaignRows(client, campaign)),
    removeCampaign: (id) =>
      asEngineErrors(async () => {
        const { rows } = await client.query<{ version: string }>(
          'DELETE FROM campaigns WHERE id = $1 RETURNING version',
          [id],
        );
        for (const row of rows) await announceGone(client, id, Number(row.version) + 1);
      }),
    announceCampaigns: (ids) => asEngineErrors(() => announceCampaigns(client, ids)),
  };
}
