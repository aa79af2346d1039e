import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import { EngineError } from '../errors.ts';
import { loadCampaigns, loadExperiments, loadPods } from './campaign-documents.ts';
import { writeAdvertiser, writeCampaign, writeCategories, writeCreatives, writeTargeting } from './campaign-rows.ts';
import { writeCaps } from './cap-rows.ts';
import type { Catalog, OutboxRecord } from './catalog.ts';
import { loadContentCategories } from './content-categories.ts';
import { asEngineErrors, inTransaction, openPool } from './postgres-client.ts';

/** Taken first by every write: changes are few, and this way versions and the outbox grow in commit order. */
export const WRITE_LOCK = 7_225_020;
const CONNECTIONS_MAX = 10;

/** The catalog of a migrated PostgreSQL 15 or newer. Connects when first asked. */
export function openPostgresCatalog(options: { readonly url: string }): Catalog {
  const pool = openPool(options.url, CONNECTIONS_MAX);
  let closing: Promise<void> | undefined;

  const write = <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> =>
    inTransaction(pool, 'BEGIN', async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
      return await work(client);
    });

  return {
    snapshot: () =>
      inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => ({
        campaigns: await loadCampaigns(client, null),
        pods: await loadPods(client),
        contentCategories: await loadContentCategories(client),
        experiments: await loadExperiments(client),
      })),

    putCampaign: (campaign) =>
      write(async (client) => {
        const renamed = await writeAdvertiser(client, campaign.advertiserId, campaign.advertiserName);
        const version = await writeCampaign(client, campaign);
        await writeCreatives(client, campaign.id, campaign.creatives);
        await writeTargeting(client, campaign.id, campaign.targeting);
        const creativeIds = campaign.creatives.map(({ id }) => id);
        const caps = await writeCaps(client, campaign.id, campaign.caps, creativeIds);
        await writeCategories(client, campaign.id, campaign.categories);
        await announce(client, [{ ...campaign, caps, version }]);
        if (renamed) await announceRenamedAdvertiser(client, campaign.advertiserId, campaign.id);
        return version;
      }),

    setStatus: (campaignId, status) =>
      write(async (client) => {
        await client.query(
          'UPDATE campaigns SET status = $2, version = version + 1, updated_at = NOW() WHERE id = $1',
          [campaignId, status],
        );
        const changed = await loadCampaigns(client, [campaignId]);
        await announce(client, changed);
        return changed[0]?.version ?? null;
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

/** The other campaigns of the advertiser carry its name: their documents changed too. */
async function announceRenamedAdvertiser(client: pg.PoolClient, advertiserId: string, but: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    'UPDATE campaigns SET version = version + 1 WHERE advertiser_id = $1 AND id <> $2 RETURNING id',
    [advertiserId, but],
  );
  await announce(
    client,
    await loadCampaigns(
      client,
      rows.map((row) => row.id),
    ),
  );
}

/** Tells of whole campaigns, in the transaction that changed them. */
export async function announce(client: pg.PoolClient, campaigns: readonly Campaign[]): Promise<void> {
  await client.query(
    `INSERT INTO outbox (kind, id, version, document)
     SELECT 'campaign', * FROM unnest($1::uuid[], $2::bigint[], $3::json[])`,
    [
      campaigns.map((campaign) => campaign.id),
      campaigns.map((campaign) => campaign.version),
      campaigns.map((campaign) => JSON.stringify(campaign)),
    ],
  );
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
