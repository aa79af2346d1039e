import Type, { type Static } from 'typebox';
import type { Campaign, Creative } from '../../domain/campaign.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { type Ask, route } from '../route.ts';
import { byId, closed, name, oneOf, orNull, url, uuid } from '../shapes.ts';

const tag = 'creatives';

const media = closed({
  url: url(),
  type: Type.String({
    maxLength: 64,
    pattern: '^[a-zA-Z0-9][a-zA-Z0-9.+-]*/[a-zA-Z0-9][a-zA-Z0-9.+-]*$',
    description: 'MIME type: video/mp4, application/x-mpegURL',
  }),
  delivery: oneOf('progressive', 'streaming'),
  width: Type.Integer({ minimum: 1, maximum: 16_384 }),
  height: Type.Integer({ minimum: 1, maximum: 16_384 }),
  bitrate_kbps: Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: 1_000_000 }))),
});

const fields = {
  name: name(),
  duration_seconds: Type.Integer({ minimum: 1, maximum: 120 }),
  media: Type.Array(media, { minItems: 1, maxItems: limits.mediaOfCreative, description: 'the preferred one first' }),
  click_through: Type.Optional(orNull(url())),
  status: Type.Optional(oneOf('active', 'inactive')),
  place: Type.Optional(orNull(oneOf('first', 'last'))),
};

const newCreative = closed(fields);

const creativePatch = closed(
  {
    name: Type.Optional(fields.name),
    duration_seconds: Type.Optional(fields.duration_seconds),
    media: Type.Optional(fields.media),
    click_through: fields.click_through,
    status: fields.status,
    place: fields.place,
  },
  { minProperties: 1 },
);

const creative = Type.Object({
  id: uuid(),
  campaign_id: uuid(),
  version: Type.Integer({ description: "the campaign's" }),
  name: Type.String(),
  duration_seconds: Type.Integer(),
  status: oneOf('active', 'inactive', 'processing', 'failed'),
  media: Type.Array(media),
  click_through: orNull(Type.String()),
  place: orNull(Type.String({ description: 'null: as its campaign' })),
});

const part = { resource: 'creative', show: (campaign: Campaign) => campaign.creatives };
type ById = Ask<Static<typeof byId>, unknown, unknown>;

export const creativeRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id/creatives',
    tag,
    summary: 'List the creatives of a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: Type.Object({ items: Type.Array(creative) }),
    handle: async (ask) => {
      const campaign = await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh');
      return { body: { items: campaign.creatives.map((each) => shown(each, campaign)) }, version: campaign.version };
    },
  }),

  route({
    method: 'POST',
    path: '/api/v2/campaigns/:id/creatives',
    tag,
    summary: 'Add a creative',
    scope: 'campaigns:write',
    versioned: 'optional',
    params: byId,
    body: newCreative,
    answer: creative,
    status: 201,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const blank = {
          id: parts.random.uuid(),
          name: '',
          durationSeconds: 1,
          status: 'active',
          media: [],
          clickThrough: null,
        } as const;
        const added = withFields(blank, ask.body);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => {
          if (before.creatives.length >= limits.creatives) {
            throw new Problem(409, 'Too many creatives', `a campaign has at most ${limits.creatives}`);
          }
          return { ...before, creatives: [...before.creatives, added] };
        });
        return { body: shown(added, changed), version: changed.version, location: `/api/v2/creatives/${added.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/creatives/:id',
    tag,
    summary: 'Read a creative',
    scope: 'campaigns:read',
    params: byId,
    answer: creative,
    handle: async (ask) => {
      const { campaign, creative: found } = await ask.read((sql) => creativeOf(sql, ask.params.id), 'fresh');
      return { body: shown(found, campaign), version: campaign.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/creatives/:id',
    tag,
    summary: 'Change a creative; If-Match names the version of its campaign',
    scope: 'campaigns:write',
    params: byId,
    body: creativePatch,
    answer: creative,
    versioned: true,
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { creative: before, campaign } = await creativeOf(sql, ask.params.id);
        const after = withFields(before, ask.body);
        const changed = await changeCampaign(asOfCampaign(ask, campaign.id), sql, parts, part, (whole) => ({
          ...whole,
          creatives: whole.creatives.map((each) => (each.id === before.id ? after : each)),
        }));
        return { body: shown(after, changed), version: changed.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/creatives/:id',
    tag,
    summary: 'Remove a creative of a draft; of a campaign that has served, set it inactive instead',
    scope: 'campaigns:write',
    params: byId,
    versioned: true,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { creative: gone, campaign } = await creativeOf(sql, ask.params.id);
        if (campaign.status !== 'draft') {
          throw new Problem(409, 'Not a draft', "the campaign's numbers name this creative; set it inactive instead");
        }
        await changeCampaign(asOfCampaign(ask, campaign.id), sql, parts, part, (whole) => ({
          ...whole,
          creatives: whole.creatives.filter(({ id }) => id !== gone.id),
          caps: whole.caps.filter(({ creativeId }) => creativeId !== gone.id),
        }));
        return {};
      }),
  }),
];

function asOfCampaign(ask: ById, id: string): CampaignAsk {
  return { ...ask, params: { id } };
}

async function creativeOf(sql: DeskTransaction, id: string): Promise<{ campaign: Campaign; creative: Creative }> {
  const { rows } = await sql.query<{ campaign_id: string }>('SELECT campaign_id FROM creatives WHERE id = $1', [id]);
  const [campaign] = rows[0] ? await sql.campaigns([rows[0].campaign_id]) : [];
  const found = campaign?.creatives.find((each) => each.id === id.toLowerCase());
  if (campaign && found) return { campaign, creative: found };
  throw new Problem(404, 'Not found', `there is no creative ${id}`);
}

function withFields(before: Creative, body: Static<typeof creativePatch>): Creative {
  return {
    ...before,
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.duration_seconds === undefined ? {} : { durationSeconds: body.duration_seconds }),
    ...(body.click_through === undefined ? {} : { clickThrough: body.click_through }),
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.place === undefined ? {} : { place: body.place }),
    ...(body.media === undefined
      ? {}
      : {
          media: body.media.map(({ bitrate_kbps, ...file }) => ({ ...file, bitrateKbps: bitrate_kbps ?? null })),
        }),
  };
}

function shown(one: Creative, campaign: Campaign): Static<typeof creative> {
  return {
    id: one.id,
    campaign_id: campaign.id,
    version: campaign.version,
    name: one.name,
    duration_seconds: one.durationSeconds,
    status: one.status,
    media: one.media.map(({ bitrateKbps, ...file }) => ({ ...file, bitrate_kbps: bitrateKbps })),
    click_through: one.clickThrough,
    place: one.place ?? null,
  };
}
