import type { ManagementParts } from '../parts.ts';
import { creativeIdOf } from './upload-url.ts';

/** Removes those of the files that are no creative's: neither by their name nor by any URL that somebody gave. Answers how many. */
export async function removeUnclaimed(
  { desk, media }: Pick<ManagementParts, 'desk' | 'media'>,
  names: readonly string[],
): Promise<number> {
  const ours = names.filter((name) => creativeIdOf(name) !== null);
  if (ours.length === 0) return 0;
  const { rows } = await desk.system((sql) =>
    sql.query<{ name: string }>(
      `SELECT id || '.mp4' AS name FROM creatives WHERE id = ANY ($2::uuid[])
       UNION SELECT file_named(url) FROM creative_media_files WHERE file_named(url) = ANY ($1::text[])
       UNION SELECT file_named(file ->> 'url') FROM creatives, jsonb_array_elements(parts -> 'mezzanines') AS file
         WHERE parts ? 'mezzanines' AND file_named(file ->> 'url') = ANY ($1::text[])`,
      [ours, ours.map(creativeIdOf)],
    ),
  );
  const claimed = new Set(rows.map(({ name }) => name));
  const lost = ours.filter((name) => !claimed.has(name));
  for (const name of lost) await media.remove(name);
  return lost.length;
}
