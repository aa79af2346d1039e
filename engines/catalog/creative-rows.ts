import type pg from 'pg';
import type { Campaign } from '../../domain/campaign.ts';
import type { Creative, CreativeParts, MediaFile, Place } from '../../domain/creative.ts';
import { EngineError } from '../errors.ts';
import { group, type Ids, placeOf } from './rows.ts';

/**
 * Writes the creatives. Rows that stay are updated, because impressions refer to them; the others are removed.
 * EngineError `refused` for a creative of another campaign.
 */
export async function writeCreatives(
  client: pg.PoolClient,
  campaignId: string,
  creatives: readonly Creative[],
): Promise<void> {
  const ids = creatives.map((creative) => creative.id);
  await client.query('DELETE FROM creatives WHERE campaign_id = $1 AND id <> ALL ($2::uuid[])', [campaignId, ids]);
  await client.query('DELETE FROM creative_media_files WHERE creative_id = ANY ($1::uuid[])', [ids]);
  await putCreatives(client, [{ id: campaignId, creatives }]);
}

/** Of campaigns whose creatives have no files yet. EngineError `refused` for a creative of another campaign. */
export async function putCreatives(
  client: pg.PoolClient,
  campaigns: readonly Pick<Campaign, 'id' | 'creatives'>[],
): Promise<void> {
  const rows = campaigns.flatMap(({ id: campaign, creatives }) =>
    creatives.map((creative, position) => ({ campaign, creative, position })),
  );
  const column = <T>(of: (creative: Creative) => T) => rows.map(({ creative }) => of(creative));
  const written = await client.query(
    `INSERT INTO creatives (campaign_id, id, position, name, duration, status, click_through, video_url, pod_place, parts)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[])
     ON CONFLICT (id) DO UPDATE SET
       position = excluded.position, name = excluded.name, duration = excluded.duration, status = excluded.status,
       click_through = excluded.click_through, video_url = excluded.video_url,
       pod_place = excluded.pod_place, parts = excluded.parts, updated_at = NOW()
     WHERE creatives.campaign_id = excluded.campaign_id`,
    [
      rows.map(({ campaign }) => campaign),
      column(({ id }) => id),
      rows.map(({ position }) => position),
      column(({ name }) => name),
      column(({ durationSeconds }) => durationSeconds),
      column(({ status }) => status),
      column(({ clickThrough }) => clickThrough),
      column(({ media }) => media[0]?.url ?? null),
      column(({ place }) => place ?? null),
      column((creative) => JSON.stringify(partsOf(creative))),
    ],
  );
  if (written.rowCount !== rows.length) {
    const among = campaigns.length === 1 ? `campaign ${campaigns[0]?.id}` : `${campaigns.length} campaigns`;
    throw new EngineError('refused', `catalog: a creative of ${among} belongs to another campaign`);
  }
  await insertMedia(
    client,
    rows.map(({ creative }) => creative),
  );
}

async function insertMedia(client: pg.PoolClient, creatives: readonly Creative[]): Promise<void> {
  const media = creatives.flatMap((creative) =>
    creative.media.map((file, position) => ({ ...file, creative: creative.id, position })),
  );
  await client.query(
    `INSERT INTO creative_media_files (creative_id, position, url, type, delivery, width, height, bitrate_kbps,
       codec, min_bitrate_kbps, max_bitrate_kbps)
     SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[],
       $9::text[], $10::int[], $11::int[])`,
    [
      media.map((file) => file.creative),
      media.map((file) => file.position),
      media.map((file) => file.url),
      media.map((file) => file.type),
      media.map((file) => file.delivery),
      media.map((file) => file.width),
      media.map((file) => file.height),
      media.map((file) => file.bitrateKbps),
      media.map((file) => file.codec ?? null),
      media.map((file) => file.minBitrateKbps ?? null),
      media.map((file) => file.maxBitrateKbps ?? null),
    ],
  );
}

interface CreativeRow {
  campaign_id: string;
  id: string;
  name: string;
  duration: number;
  status: Creative['status'];
  click_through: string | null;
  pod_place: Place | null;
  parts: CreativeParts;
}

interface MediaRow {
  creative_id: string;
  url: string;
  type: string;
  delivery: MediaFile['delivery'];
  width: number;
  height: number;
  bitrate_kbps: number | null;
  codec: string | null;
  min_bitrate_kbps: number | null;
  max_bitrate_kbps: number | null;
}

/** The creatives of the given campaigns, or of all (null), by campaign. */
export async function loadCreatives(client: pg.PoolClient, ids: Ids): Promise<Map<string, Creative[]>> {
  const creatives = await client.query<CreativeRow>(
    `SELECT campaign_id, id, name, duration, status, click_through, pod_place, parts FROM creatives
     WHERE $1::uuid[] IS NULL OR campaign_id = ANY ($1) ORDER BY campaign_id, position, id`,
    [ids],
  );
  const files = await client.query<MediaRow>(
    `SELECT m.* FROM creative_media_files m JOIN creatives c ON c.id = m.creative_id
     WHERE $1::uuid[] IS NULL OR c.campaign_id = ANY ($1) ORDER BY m.creative_id, m.position`,
    [ids],
  );
  const media = group<MediaRow, MediaFile>(
    files.rows,
    (row) => row.creative_id,
    (row) => [mediaOf(row)],
  );
  return group(
    creatives.rows,
    (row) => row.campaign_id,
    (row) => [
      {
        id: row.id,
        name: row.name,
        durationSeconds: row.duration,
        status: row.status,
        media: media.get(row.id) ?? [],
        clickThrough: row.click_through,
        ...placeOf(row),
        ...row.parts,
      },
    ],
  );
}

function mediaOf(row: MediaRow): MediaFile {
  const { url, type, delivery, width, height, bitrate_kbps, codec, min_bitrate_kbps, max_bitrate_kbps } = row;
  return {
    url,
    type,
    delivery,
    width,
    height,
    bitrateKbps: bitrate_kbps,
    ...(codec === null ? {} : { codec }),
    ...(min_bitrate_kbps === null ? {} : { minBitrateKbps: min_bitrate_kbps }),
    ...(max_bitrate_kbps === null ? {} : { maxBitrateKbps: max_bitrate_kbps }),
  };
}

/** All that has no column of its own. */
function partsOf(creative: Creative): CreativeParts {
  // What its tag led to has a table of its own.
  const { id: _, name, durationSeconds, status, media, clickThrough, place, unwrapped, ...parts } = creative;
  return parts;
}
