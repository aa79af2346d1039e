import type pg from 'pg';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { addCampaignRows, announceCampaigns, announceGone, putCampaignRows } from './announce.ts';
import { loadCampaigns } from './campaign-documents.ts';
import type { CatalogDesk, DeskTransaction, DeskWrite, Noted } from './desk.ts';
import { asEngineErrors, inTransaction, lockWrites, openPool } from './postgres-client.ts';
import { ReadReplica } from './read-replica.ts';

const CONNECTIONS_MAX = 10;
/** Reads that the replica does not take in this time the primary takes. */
const REPLICA_CONNECT_MS_MAX = 1_000;

/** The desk of a migrated PostgreSQL 15 or newer. `replicaUrl`: where reads that may be a little old go. */
export function openPostgresDesk(options: { readonly url: string; readonly replicaUrl: string | null }): CatalogDesk {
  const pool = openPool(options.url, CONNECTIONS_MAX);
  const replicas =
    options.replicaUrl === null ? null : openPool(options.replicaUrl, CONNECTIONS_MAX, REPLICA_CONNECT_MS_MAX);
  const replica = replicas === null ? null : new ReadReplica(pool, replicas);
  let closing: Promise<unknown> | undefined;
  return {
    read(organisation, work, fresh) {
      const from = (server: pg.Pool) =>
        inTransaction(server, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
          await actAs(client, organisation);
          return await work(reading(client));
        });
      return replica === null || fresh === 'fresh' ? from(pool) : replica.read(organisation, from);
    },
    async write(organisation, work) {
      const done = await inTransaction(pool, 'BEGIN', async (client) => {
        await lockWrites(client);
        await actAs(client, organisation);
        return await work(writing(client));
      });
      await replica?.wrote(organisation);
      return done;
    },
    system: (work) => inTransaction(pool, 'BEGIN', async (client) => work(reading(client))),
    degraded: () => (replica?.why ? [`read replica: ${replica.why}; all reads go to the primary`] : []),
    async close() {
      closing ??= Promise.all([pool.end(), replicas?.end()]);
      await closing;
    },
  };
}

/** What the system writes, of the house's own or of nobody's: `work`, then `noted` as the house, whose audit tells of it. */
export function writeAsSystem<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  noted: Noted<T>,
): Promise<T> {
  return inTransaction(pool, 'BEGIN', async (client) => {
    await lockWrites(client);
    const done = await work(client);
    await actAs(client, HOUSE_ORGANISATION);
    await noted(reading(client), done);
    return done;
  });
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
    addCampaigns: (campaigns) => asEngineErrors(() => addCampaignRows(client, campaigns)),
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
