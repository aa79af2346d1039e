import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import { loadCampaigns, loadExperiments, loadPods } from './campaign-documents.ts';
import type { CatalogSnapshot, SnapshotOptions } from './catalog.ts';
import { loadContentCategories } from './content-categories.ts';
import { loadAdvertisers, loadPlayerKeys } from './player-keys.ts';
import { withUnwrapped } from './unwrapped-rows.ts';

/** The rows of so many campaigns are in memory beside the documents that are made of them. */
const PAGE = 1_000;

/** Call it inside a transaction that sees one moment. */
export async function readSnapshot(
  client: pg.PoolClient,
  { held = new Map(), moved = () => undefined }: SnapshotOptions,
): Promise<CatalogSnapshot> {
  const { newer, gone } = await compare(client, held);
  const campaigns: Campaign[] = [];
  for (let at = 0; at < newer.length; at += PAGE) {
    const page = await loadCampaigns(client, newer.slice(at, at + PAGE));
    campaigns.push(...(await withUnwrapped(client, page)));
    moved();
  }
  return {
    campaigns,
    gone,
    pods: await loadPods(client),
    contentCategories: await loadContentCategories(client),
    experiments: await loadExperiments(client),
    playerKeys: await loadPlayerKeys(client),
    advertisers: await loadAdvertisers(client),
  };
}

/** The ids of campaigns that are not held, or held as they were before; and of those that are held and gone. */
async function compare(client: pg.PoolClient, held: ReadonlyMap<string, number>) {
  const text = 'SELECT id, version FROM campaigns ORDER BY id';
  const { rows } = await client.query<[id: string, version: string]>({ text, rowMode: 'array' });
  const newer = rows.filter(([id, version]) => Number(version) > (held.get(id) ?? 0)).map(([id]) => id);
  const there = new Set(rows.map(([id]) => id));
  // A catalog without any campaign is more likely one that is being restored: what is held goes on.
  return { newer, gone: rows.length === 0 ? [] : [...held.keys()].filter((id) => !there.has(id)) };
}
