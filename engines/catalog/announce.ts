import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import { loadCampaigns } from './campaign-documents.ts';
import {
  insertCampaigns,
  insertCategories,
  insertTargeting,
  type NewCampaign,
  writeAdvertiser,
  writeCampaign,
  writeCategories,
  writeTargeting,
} from './campaign-rows.ts';
import { addCaps, writeCaps } from './cap-rows.ts';
import { putCreatives, writeCreatives } from './creative-rows.ts';
import { DOCUMENT_BYTES_MAX, demandCarriable } from './document-bytes.ts';
import { withUnwrapped } from './unwrapped-rows.ts';

/** Writes a campaign whole and puts it into the outbox; answers its new version. EngineError `too_large` as in `demandCarriable`. */
export async function putCampaignRows(client: pg.PoolClient, campaign: NewCampaign): Promise<number> {
  await demandCarriable(campaign, async () => (await loadCampaigns(client, [campaign.id]))[0]);
  const renamed = await writeAdvertiser(client, campaign.advertiserId, campaign.advertiserName);
  const known = await writeCampaign(client, campaign);
  await writeCreatives(client, campaign.id, campaign.creatives);
  await writeTargeting(client, campaign.id, campaign.targeting);
  const creativeIds = campaign.creatives.map(({ id }) => id);
  const caps = await writeCaps(client, campaign.id, campaign.caps, creativeIds);
  await writeCategories(client, campaign.id, campaign.categories);
  await announce(client, [{ ...campaign, caps, ...known }]);
  if (renamed) await announceRenamedAdvertiser(client, campaign.advertiserId, campaign.id);
  return known.version;
}

/** Writes campaigns that are not there yet, whose advertisers are, and puts them into the outbox; answers versions by id. EngineError `too_large`. */
export async function addCampaignRows(
  client: pg.PoolClient,
  campaigns: readonly NewCampaign[],
): Promise<ReadonlyMap<string, number>> {
  for (const campaign of campaigns) await demandCarriable(campaign, async () => undefined);
  const versions = await insertCampaigns(client, campaigns);
  await putCreatives(client, campaigns);
  await insertTargeting(client, campaigns);
  const caps = await addCaps(client, campaigns);
  await insertCategories(client, campaigns);
  await announce(
    client,
    campaigns.map((campaign) => ({
      ...campaign,
      caps: caps.get(campaign.id) ?? [],
      version: versions.get(campaign.id) ?? 1,
    })),
  );
  return versions;
}

/** Gives campaigns that changed a new version and announces them as they are now; answers the first one's version, if any is left. */
export async function announceCampaigns(client: pg.PoolClient, ids: readonly string[]): Promise<number | null> {
  await client.query('UPDATE campaigns SET version = version + 1, updated_at = NOW() WHERE id = ANY ($1::uuid[])', [
    ids,
  ]);
  const changed = await loadCampaigns(client, ids);
  await announce(client, changed);
  return changed[0]?.version ?? null;
}

/** The campaign is gone. */
export async function announceGone(client: pg.PoolClient, id: string, version: number): Promise<void> {
  await client.query(`INSERT INTO outbox (kind, id, version, document) VALUES ('campaign', $1, $2, NULL)`, [
    id,
    version,
  ]);
}

/** The other campaigns of the advertiser carry its name: their documents changed too. */
async function announceRenamedAdvertiser(client: pg.PoolClient, advertiserId: string, but: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM campaigns WHERE advertiser_id = $1 AND id <> $2',
    [advertiserId, but],
  );
  await announceCampaigns(
    client,
    rows.map((row) => row.id),
  );
}

/**
 * Tells of whole campaigns, in the transaction that changed them. Where what their tags led to would make the document too large,
 * the tags themselves are told: deciders get the rest when they next start.
 */
export async function announce(client: pg.PoolClient, given: readonly Campaign[]): Promise<void> {
  const campaigns = await withUnwrapped(client, given);
  const documents = campaigns.map((campaign, index) => {
    const whole = JSON.stringify(campaign);
    return Buffer.byteLength(whole) <= DOCUMENT_BYTES_MAX ? whole : JSON.stringify(given[index]);
  });
  await client.query(
    `INSERT INTO outbox (kind, id, version, document)
     SELECT 'campaign', * FROM unnest($1::uuid[], $2::bigint[], $3::json[])`,
    [campaigns.map((campaign) => campaign.id), campaigns.map((campaign) => campaign.version), documents],
  );
}
