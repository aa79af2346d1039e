import type pg from 'pg';
import type { AdvertiserOwner, PlayerKey } from './catalog.ts';

/** What a key must be allowed to be of use to the decision API. */
const scopes = ['ads:request', 'conversions:write'];

/** The API keys that players, stitchers and advertisers call the decision API with, by prefix: their hashes, never themselves. */
export async function loadPlayerKeys(client: pg.PoolClient): Promise<readonly PlayerKey[]> {
  const { rows } = await client.query<Omit<PlayerKey, 'expiresAt'> & { readonly expires_at: Date | null }>(
    `SELECT prefix, encode(hash, 'hex') AS hash, organisation_id AS organisation, scopes, expires_at FROM api_keys
     WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > NOW()) AND scopes && $1 ORDER BY prefix`,
    [scopes],
  );
  return rows.map(({ expires_at, ...key }) => ({ ...key, expiresAt: expires_at?.getTime() ?? null }));
}

/** Whose each advertiser is, by id. */
export async function loadAdvertisers(client: pg.PoolClient): Promise<readonly AdvertiserOwner[]> {
  const { rows } = await client.query<AdvertiserOwner>(
    'SELECT id, organisation_id AS organisation FROM advertisers ORDER BY id',
  );
  return rows;
}
