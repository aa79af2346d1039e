import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { type Creative, creativeFaults, isShowable, type MediaFile } from '../../domain/creative.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { campaignOf } from '../campaigns/change.ts';
import { closed, name, oneOf, orNull, url, uuid } from '../shapes.ts';

const side = Type.Integer({ minimum: 1, maximum: 16_384 });
const types: Readonly<Record<string, Pick<MediaFile, 'type' | 'delivery'>>> = {
  mp4: { type: 'video/mp4', delivery: 'progressive' },
  webm: { type: 'video/webm', delivery: 'progressive' },
  hls: { type: 'application/x-mpegURL', delivery: 'streaming' },
};

const fields = {
  name: name(),
  video_url: url(),
  duration: Type.Integer({
    minimum: 1,
    maximum: 120,
    description: 'seconds; of an uploaded file what is found counts',
  }),
  width: Type.Optional(orNull(side)),
  height: Type.Optional(orNull(side)),
  format: Type.Optional(oneOf('mp4', 'webm', 'hls')),
  file_size: Type.Optional(orNull(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))),
  click_url: Type.Optional(orNull(url())),
  status: Type.Optional(oneOf('active', 'inactive')),
};

/** JSON names the file's URL; a form brings the file, as `file`. */
export const newCreativeV1 = closed({
  ...fields,
  name: Type.Optional(fields.name),
  video_url: Type.Optional(fields.video_url),
  duration: Type.Optional(fields.duration),
});

export const creativeChangeV1 = closed(
  {
    name: Type.Optional(fields.name),
    video_url: Type.Optional(fields.video_url),
    duration: Type.Optional(fields.duration),
    width: fields.width,
    height: fields.height,
    format: fields.format,
    file_size: fields.file_size,
    click_url: fields.click_url,
    status: fields.status,
  },
  { minProperties: 1 },
);

export const creativeV1 = Type.Object({
  id: uuid(),
  campaign_id: uuid(),
  name: Type.String(),
  video_url: orNull(Type.String()),
  duration: Type.Integer(),
  file_size: orNull(Type.Integer()),
  width: orNull(Type.Integer()),
  height: orNull(Type.Integer()),
  format: orNull(Type.String()),
  status: oneOf('active', 'inactive', 'processing', 'failed'),
  failure: Type.Union([Type.String(), Type.Null()], { description: 'of status failed: what a television cannot play' }),
  click_url: orNull(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
});

export type NewCreativeV1 = Static<typeof newCreativeV1>;
export type CreativeChangeV1 = Static<typeof creativeChangeV1>;

/** What the MVP's columns hold beyond the document. */
interface Row {
  readonly id: string;
  readonly file_size: string | null;
  readonly failure: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The file that a body describes, over the one there was: of the same URL, what v1 has no words for stays. */
function fileOf(before: MediaFile | undefined, body: CreativeChangeV1): MediaFile {
  const address = body.video_url ?? before?.url ?? '';
  const kept = address === before?.url ? before : undefined;
  const { width, height, format } = body;
  const { type, delivery } =
    kept && format === undefined ? kept : (types[format ?? formatOfUrl(address)] as (typeof types)[string]);
  return {
    ...(kept ?? { url: address, bitrateKbps: null }),
    type,
    delivery,
    // As the MVP's files were migrated: nobody had to say.
    width: (width === undefined ? before?.width : width) ?? 1920,
    height: (height === undefined ? before?.height : height) ?? 1080,
  };
}

function formatOfUrl(address: string): string {
  const end = /\.(m3u8|webm)(?:[?#]|$)/i.exec(address)?.[1]?.toLowerCase();
  return end === 'm3u8' ? 'hls' : (end ?? 'mp4');
}

/** The document with a body's fields over it. Other files than the first stay. */
export function withCreativeFields(before: Creative, body: CreativeChangeV1): Creative {
  const ofFile = ['video_url', 'width', 'height', 'format'] as const;
  const [first, ...rest] = before.media;
  const touched =
    ofFile.some((field) => body[field] !== undefined) && (first !== undefined || body.video_url !== undefined);
  return {
    ...before,
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.duration === undefined ? {} : { durationSeconds: body.duration }),
    ...(body.click_url === undefined ? {} : { clickThrough: body.click_url }),
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(touched ? { media: [fileOf(first, body), ...rest] } : {}),
  };
}

/**
 * The creative with a body's fields over it. Throws Problem 409 where it would be shown and has nothing to show, and 422 where it
 * contradicts itself by this change.
 */
export function changedCreative(before: Creative, body: CreativeChangeV1): Creative {
  const after = withCreativeFields(before, body);
  if (body.status === 'active' && !isShowable(after)) {
    throw new Problem(409, 'Nothing to show', `it is ${before.status} and has no file`, [
      { pointer: '/status', detail: 'needs a file first' },
    ]);
  }
  const known = new Set(creativeFaults(before).map(({ pointer }) => pointer));
  const wrong = creativeFaults(after).flatMap(({ pointer }) => (known.has(pointer) ? [] : (asV1[pointer] ?? [])));
  if (wrong.length === 0) return after;
  const detail = wrong.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

/** What a change of v1 can bring about, in its names. */
const asV1: Readonly<Record<string, Wrong>> = {
  '/vast_tag_url': { pointer: '/video_url', detail: 'stands instead of the vast_tag_url that it has, not beside it' },
  '/skip_after_seconds': { pointer: '/duration', detail: 'must be longer than its skip_after_seconds' },
};

/** Those of a campaign, with its version. Throws Problem 404. */
export async function creativesNow(sql: DeskTransaction, id: string) {
  const campaign = await campaignOf(sql, id);
  return { creatives: await shownCreatives(sql, campaign), version: campaign.version };
}

/** As v1 answers the creatives of a campaign, by id. */
export async function shownCreatives(
  sql: DeskTransaction,
  campaign: Campaign,
): Promise<readonly Static<typeof creativeV1>[]> {
  const { rows } = await sql.query<Row>(
    'SELECT id, file_size, failure, created_at, updated_at FROM creatives WHERE campaign_id = $1',
    [campaign.id],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return campaign.creatives.flatMap((creative) => {
    const row = byId.get(creative.id);
    return row ? [shown(creative, campaign.id, row)] : [];
  });
}

function shown(creative: Creative, campaignId: string, row: Row): Static<typeof creativeV1> {
  const [file] = creative.media;
  const format = Object.entries(types).find(([, { type }]) => type === file?.type)?.[0];
  return {
    id: creative.id,
    campaign_id: campaignId,
    name: creative.name,
    video_url: file?.url ?? null,
    duration: creative.durationSeconds,
    file_size: row.file_size === null ? null : Number(row.file_size),
    width: file?.width ?? null,
    height: file?.height ?? null,
    format: format ?? file?.type ?? null,
    status: creative.status,
    failure: row.failure,
    click_url: creative.clickThrough,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
