import type pg from 'pg';
import { EngineError } from '../errors.ts';
import { announceCampaigns, putCampaignRows } from './announce.ts';
import type { Catalog, OutboxRecord } from './catalog.ts';
import { readSnapshot } from './catalog-snapshot.ts';
import { asEngineErrors, inTransaction, lockWrites, openPool } from './postgres-client.ts';

const CONNECTIONS_MAX = 10;

/** The catalog of a migrated PostgreSQL 15 or newer. Connects when first asked. */
export function openPostgresCatalog(options: { readonly url: string }): Catalog {
  const pool = openPool(options.url, CONNECTIONS_MAX);
  let closing: Promise<void> | undefined;

  const write = <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> =>
    inTransaction(pool, 'BEGIN', async (client) => {
      await lockWrites(client);
      return await work(client);
    });

  return {
    snapshot: (options = {}) =>
      inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', (client) => readSnapshot(client, options)),

    putCampaign: (campaign) => write((client) => putCampaignRows(client, campaign)),

    setStatus: (campaignId, status) =>
      write(async (client) => {
        await client.query('UPDATE campaigns SET status = $2 WHERE id = $1', [campaignId, status]);
        return await announceCampaigns(client, [campaignId]);
      }),

    outbox: (limit) => asEngineErrors(() => readOutbox(pool, limit)),

    relayed: (sequences) =>
      asEngineErrors(async () => {
        await pool.query('UPDATE outbox SET relayed_at = NOW() WHERE sequence = ANY ($1::bigint[])', [sequences]);
      }),

    close() {
      closing ??= pool.end();
      return closing;
    },
  };
}

async function readOutbox(pool: pg.Pool, limit: number): Promise<readonly OutboxRecord[]> {
  if (!(limit > 0)) throw new EngineError('refused', `catalog: ${limit} is no number of outbox records`);
  const { rows } = await pool.query<{
    sequence: string;
    kind: OutboxRecord['kind'];
    id: string;
    version: string;
    document: OutboxRecord['document'];
    changed_at: Date;
  }>(
    `SELECT sequence, kind, id, version, document, changed_at FROM outbox
     WHERE relayed_at IS NULL AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY transaction_id, sequence LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    sequence: Number(row.sequence),
    kind: row.kind,
    id: row.id,
    version: Number(row.version),
    document: row.document,
    changedAt: row.changed_at.getTime(),
  }));
}
