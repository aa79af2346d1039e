import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import type { Unwrapped } from '../../domain/creative.ts';

/** The campaigns with what the tags of their creatives led to, where that is to be served and known. Deciders alone need it. */
export async function withUnwrapped(
  client: pg.PoolClient,
  campaigns: readonly Campaign[],
): Promise<readonly Campaign[]> {
  const asking = campaigns.flatMap(({ creatives }) => creatives.filter(({ unwrap }) => unwrap === true));
  if (asking.length === 0) return campaigns;
  const { rows } = await client.query<{ creative_id: string; document: Unwrapped }>(
    'SELECT creative_id, document FROM unwrapped_tags WHERE creative_id = ANY ($1::uuid[]) AND document IS NOT NULL',
    [asking.map(({ id }) => id)],
  );
  const known = new Map(rows.map((row) => [row.creative_id, row.document]));
  return campaigns.map((campaign) => {
    if (!campaign.creatives.some(({ id }) => known.has(id))) return campaign;
    const creatives = campaign.creatives.map((creative) => {
      const unwrapped = known.get(creative.id);
      return unwrapped === undefined ? creative : { ...creative, unwrapped };
    });
    return { ...campaign, creatives };
  });
}
