import { Problem } from '../../engines/http/problem.ts';
import { heldElsewhere } from '../lines/import-ids.ts';
import { creativeIdOf, nameOf } from '../media/upload-url.ts';
import type { ManagementParts } from '../parts.ts';
import type { Ask } from '../route.ts';
import { creativeOf } from '../routes/creatives.ts';
import type { CreativeChangeV1, NewCreativeV1 } from './creative-shape.ts';
import { lookAt } from './uploads.ts';

/**
 * The creative that a new one becomes by the URL of its upload; null: the file lies elsewhere. What another organisation has, or had,
 * lies elsewhere too.
 */
export async function uploadedBy(
  ask: Ask<unknown, unknown, NewCreativeV1>,
  parts: ManagementParts,
): Promise<string | null> {
  return await uploadOf(ask.body.video_url, ask, parts);
}

async function uploadOf(
  url: string | undefined,
  { read }: Pick<Ask<unknown, unknown, unknown>, 'read'>,
  parts: ManagementParts,
): Promise<string | null> {
  const last = url?.slice(url.lastIndexOf('/') + 1) ?? '';
  const id = creativeIdOf(last);
  if (id === null || url !== parts.mediaUrl(last)) return null;
  const elsewhere = await read((sql) => heldElsewhere(sql, [id]), 'fresh');
  return elsewhere.has(id) ? null : id;
}

const ofFile = ['video_url', 'duration', 'width', 'height', 'format', 'file_size'] as const;

/** The change, with what is found in the file where that is one of ours. Throws Problem 422 for a file that cannot be played. */
export async function asFound(
  ask: Ask<{ readonly id: string }, unknown, CreativeChangeV1>,
  parts: ManagementParts,
): Promise<CreativeChangeV1> {
  const { body, params } = ask;
  if (ofFile.every((field) => body[field] === undefined)) return body;
  const { creative } = await ask.read((sql) => creativeOf(sql, params.id), 'fresh');
  const upload = await uploadOf(body.video_url ?? creative.media[0]?.url, ask, parts);
  if (upload === null) return body;
  const { facts, reasons } = await lookAt(nameOf(upload), parts);
  if (facts === null) {
    const errors = reasons.map((detail) => ({ pointer: '/video_url', detail }));
    throw new Problem(422, 'Cannot be played', reasons.join('; '), errors);
  }
  const { video, bytes, durationMs } = facts;
  return {
    ...body,
    duration: Math.round((durationMs ?? 0) / 1_000),
    width: video?.width ?? null,
    height: video?.height ?? null,
    format: 'mp4',
    file_size: bytes,
  };
}
