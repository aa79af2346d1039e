import Type from 'typebox';
import type { Creative } from '../../domain/creative.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import type { Received } from '../../engines/media/media-store.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { removeUnclaimed } from '../media/claims.ts';
import { keepAs } from '../media/file-routes.ts';
import { nameOf, UPLOAD_MS, uploadUrl } from '../media/upload-url.ts';
import type { ManagementParts } from '../parts.ts';
import { type Answer, type Ask, type Route, route } from '../route.ts';
import { byId, closed, name, oneOf } from '../shapes.ts';
import {
  type CreativeChangeV1,
  changedCreative,
  creativeChangeV1,
  creativesNow,
  creativeV1,
  type NewCreativeV1,
  newCreativeV1,
  shownCreatives,
  withCreativeFields,
} from '../v1/creative-shape.ts';
import { asFound, uploadedBy } from '../v1/uploaded.ts';
import { finishUpload } from '../v1/uploads.ts';
import { creativeOf, creativePart } from './creatives.ts';

const tag = 'v1';
const scope = 'campaigns:write';

type ById = Ask<{ readonly id: string }, unknown, unknown>;

const uploadPlace = Type.Object({
  upload_url: Type.String({ description: 'PUT the file here, with the headers' }),
  method: Type.String(),
  headers: Type.Record(Type.String(), Type.String()),
  video_url: Type.String({ description: 'then create the creative with it' }),
  expires_at: Type.String(),
  max_bytes: Type.Integer(),
});

export const v1CreativeRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/campaigns/:id/creatives',
    tag,
    summary: 'List the creatives of a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: Type.Object({ creatives: Type.Array(creativeV1) }),
    handle: async (ask) => {
      const { creatives, version } = await ask.read((sql) => creativesNow(sql, ask.params.id), 'fresh');
      return { body: { creatives: [...creatives] }, version };
    },
  }),

  route({
    method: 'POST',
    path: '/api/v1/campaigns/:id/creatives',
    tag,
    summary: 'Add a creative: JSON with its video_url, or a form (multipart) with its file',
    scope,
    params: byId,
    body: newCreativeV1,
    files: true,
    answer: creativeV1,
    status: 201,
    versioned: 'optional',
    refuses: [409, 413, 422],
    handle: (ask, parts) => create(ask, parts),
  }),

  route({
    method: 'POST',
    path: '/api/v1/campaigns/:id/creatives/upload-url',
    tag,
    summary: 'A URL that takes the file of a creative to come',
    scope,
    params: byId,
    body: closed({
      filename: Type.Optional(name()),
      content_type: Type.Optional(oneOf('video/mp4')),
      file_size: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    }),
    answer: uploadPlace,
    status: 201,
    toldOnce: true,
    refuses: [413],
    handle: async (ask, parts) => {
      await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh');
      if ((ask.body.file_size ?? 0) > parts.mediaBytes) {
        const detail = `at most ${parts.mediaBytes} bytes are taken`;
        throw new Problem(413, 'File too large', detail, [{ pointer: '/file_size', detail }]);
      }
      const file = nameOf(parts.random.uuid());
      const expiresAt = parts.clock.now() + UPLOAD_MS;
      const place = (await parts.media.uploadPlace(file, UPLOAD_MS)) ?? {
        url: uploadUrl(parts.base(), file, ask.caller.organisation, expiresAt, parts.secret),
        headers: { 'content-type': 'video/mp4' },
      };
      return {
        body: {
          upload_url: place.url,
          method: 'PUT',
          headers: { ...place.headers },
          video_url: parts.mediaUrl(file),
          expires_at: new Date(expiresAt).toISOString(),
          max_bytes: parts.mediaBytes,
        },
      };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v1/creatives/:id',
    tag,
    summary: 'Read a creative',
    scope: 'campaigns:read',
    params: byId,
    answer: creativeV1,
    handle: (ask) =>
      ask.read(async (sql) => {
        const { campaign, creative } = await creativeOf(sql, ask.params.id);
        const body = (await shownCreatives(sql, campaign)).find(({ id }) => id === creative.id);
        return { body: body as NonNullable<typeof body>, version: campaign.version };
      }, 'fresh'),
  }),

  ...(['PUT', 'PATCH'] as const).flatMap((method) => [
    route({
      method,
      path: '/api/v1/creatives/:id',
      tag,
      summary: 'Change fields of a creative; those that are not given stay. If-Match names the version of its campaign',
      scope,
      params: byId,
      body: creativeChangeV1,
      answer: creativeV1,
      versioned: 'optional',
      refuses: [409, 422],
      handle: async (ask, parts) => {
        const body = await asFound(ask, parts);
        return await ask.write((sql) => change(ask, sql, parts, body));
      },
    }),
    route({
      method,
      path: '/api/v1/creatives/:id/status',
      tag,
      summary: 'Show a creative or not',
      scope,
      params: byId,
      body: closed({ status: oneOf('active', 'inactive') }),
      answer: creativeV1,
      versioned: 'optional',
      refuses: [409],
      handle: (ask, parts) => ask.write((sql) => change(ask, sql, parts, ask.body)),
    }),
  ]),

  route({
    method: 'DELETE',
    path: '/api/v1/creatives/:id',
    tag,
    summary: 'Remove a creative of a draft; of a campaign that has served, set it inactive instead',
    scope,
    params: byId,
    versioned: 'optional',
    refuses: [409],
    handle: async (ask, parts) => {
      const answer = await ask.write(async (sql) => {
        const { creative, campaign } = await creativeOf(sql, ask.params.id);
        if (campaign.status !== 'draft' && creative.status !== 'failed') {
          throw new Problem(409, 'Not a draft', "the campaign's numbers name this creative; set it inactive instead");
        }
        await changeCampaign(asOfCampaign(ask, campaign.id), sql, parts, creativePart(creative.id), (whole) => ({
          ...whole,
          creatives: whole.creatives.filter(({ id }) => id !== creative.id),
          caps: whole.caps.filter(({ creativeId }) => creativeId !== creative.id),
        }));
        return {};
      });
      await removeUnclaimed(parts, [nameOf(ask.params.id.toLowerCase())]);
      return answer;
    },
  }),
];

function asOfCampaign(ask: ById, id: string): CampaignAsk {
  return { ...ask, params: { id } } as CampaignAsk;
}

async function change(ask: ById, sql: DeskWrite, parts: ManagementParts, body: CreativeChangeV1) {
  const { campaign, creative: before } = await creativeOf(sql, ask.params.id);
  const after = changedCreative(before, body);
  const changed = await changeCampaign(
    asOfCampaign(ask, campaign.id),
    sql,
    parts,
    creativePart(before.id),
    (whole) => ({
      ...whole,
      creatives: whole.creatives.map((each) => (each.id === before.id ? after : each)),
    }),
  );
  if (body.file_size !== undefined || body.video_url !== undefined) {
    await sql.query('UPDATE creatives SET file_size = $2 WHERE id = $1', [before.id, body.file_size ?? null]);
  }
  const shown = (await shownCreatives(sql, changed)).find(({ id }) => id === before.id);
  return { body: shown as NonNullable<typeof shown>, version: changed.version };
}

type CreateAsk = Ask<{ readonly id: string }, unknown, NewCreativeV1>;
type Created = Answer<Awaited<ReturnType<typeof change>>['body']>;

async function create(ask: CreateAsk, parts: ManagementParts): Promise<Created> {
  const { body, file } = ask;
  const uploaded = file ? null : await uploadedBy(ask, parts);
  if (file === null && uploaded === null) return await ask.write((sql) => add(ask, sql, parts, null));
  if (file && body.video_url !== undefined) throw wrong('/video_url', 'stands instead of a file, not beside it');
  const id = uploaded ?? parts.random.uuid();
  if (uploaded !== null && (await parts.media.source(nameOf(uploaded))) === null) {
    throw new Problem(422, 'Nothing uploaded', 'PUT the file to its upload_url first', [
      { pointer: '/video_url', detail: 'has no file yet' },
    ]);
  }
  const made = await ask.write((sql) => add(ask, sql, parts, id));
  if (file) await keepAs(file as Received, nameOf(id), parts);
  const owner = {
    organisation: ask.caller.organisation,
    campaign: ask.params.id,
    creative: id,
    actor: ask.caller.actor,
  };
  const { status, reasons } = await finishUpload(owner, parts, body.status ?? 'active');
  if (status === 'failed') {
    const at = file ? '/file' : '/video_url';
    throw new Problem(
      422,
      'Cannot be played',
      reasons.join('; '),
      reasons.map((detail) => ({ pointer: at, detail })),
    );
  }
  // Looking at the file has changed it once more.
  const { creatives, version } = await ask.read((sql) => creativesNow(sql, ask.params.id), 'fresh');
  const found = creatives.find((each) => each.id === id);
  return { ...made, ...(found ? { body: found, version } : {}) };
}

/** `uploaded`: the id of a creative whose file is here; it is `processing` until it has been looked at. */
async function add(ask: CreateAsk, sql: DeskWrite, parts: ManagementParts, uploaded: string | null): Promise<Created> {
  const { body } = ask;
  const { video_url, ...rest } = body;
  if (uploaded === null && video_url === undefined) throw wrong('/video_url', 'is needed, or a form with a file');
  if (uploaded === null && body.duration === undefined) throw wrong('/duration', 'is needed');
  if (uploaded !== null && (await sql.query('SELECT FROM creatives WHERE id = $1', [uploaded])).count > 0) {
    throw new Problem(409, 'There already', 'this upload has a creative', [
      { pointer: '/video_url', detail: 'is used' },
    ]);
  }
  const blank: Creative = {
    id: uploaded ?? parts.random.uuid(),
    name: 'Creative',
    durationSeconds: 1,
    status: 'active',
    media: [],
    clickThrough: null,
  };
  const added =
    uploaded === null
      ? withCreativeFields(blank, body)
      : {
          ...withCreativeFields(blank, { ...rest, width: undefined, height: undefined, format: undefined } as never),
          status: 'processing' as const,
        };
  const changed = await changeCampaign(ask as CampaignAsk, sql, parts, creativePart(added.id), (before) => {
    if (before.creatives.length >= limits.creatives) {
      throw new Problem(409, 'Too many creatives', `a campaign has at most ${limits.creatives}`);
    }
    return { ...before, creatives: [...before.creatives, added] };
  });
  await sql.query('UPDATE creatives SET file_size = $2 WHERE id = $1', [added.id, body.file_size ?? null]);
  const shown = (await shownCreatives(sql, changed)).find(({ id }) => id === added.id);
  return {
    body: shown as NonNullable<typeof shown>,
    version: changed.version,
    location: `/api/v1/creatives/${added.id}`,
  };
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}
