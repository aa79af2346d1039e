import Type, { type Static } from 'typebox';
import type { Campaign, Creative } from '../../domain/campaign.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { type CampaignAsk, type CampaignPart, campaignOf, changeCampaign } from '../campaigns/change.ts';
import {
  blankCreative,
  creativeAnswer,
  creativePatch,
  newCreative,
  shownCreative,
  withFields,
} from '../campaigns/creative-shape.ts';
import { limits } from '../limits.ts';
import { type Ask, route } from '../route.ts';
import { byId } from '../shapes.ts';

const tag = 'creatives';

/** One creative, in the audit under its own id. */
export const creativePart = (id: string): CampaignPart => ({
  resource: 'creative',
  id,
  show: ({ creatives }) => creatives.find((each) => each.id === id) ?? null,
});

type ById = Ask<Static<typeof byId>, unknown, unknown>;

export const creativeRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id/creatives',
    tag,
    summary: 'List the creatives of a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: Type.Object({ items: Type.Array(creativeAnswer) }),
    handle: async (ask) => {
      const campaign = await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh');
      return {
        body: { items: campaign.creatives.map((each) => shownCreative(each, campaign)) },
        version: campaign.version,
      };
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
    answer: creativeAnswer,
    status: 201,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const added = withFields(blankCreative(parts.random.uuid()), ask.body);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, creativePart(added.id), (before) => {
          if (before.creatives.length >= limits.creatives) {
            throw new Problem(409, 'Too many creatives', `a campaign has at most ${limits.creatives}`);
          }
          return { ...before, creatives: [...before.creatives, added] };
        });
        return {
          body: shownCreative(added, changed),
          version: changed.version,
          location: `/api/v2/creatives/${added.id}`,
        };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/creatives/:id',
    tag,
    summary: 'Read a creative',
    scope: 'campaigns:read',
    params: byId,
    answer: creativeAnswer,
    handle: async (ask) => {
      const { campaign, creative: found } = await ask.read((sql) => creativeOf(sql, ask.params.id), 'fresh');
      return { body: shownCreative(found, campaign), version: campaign.version };
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
    answer: creativeAnswer,
    versioned: true,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { creative: before, campaign } = await creativeOf(sql, ask.params.id);
        const after = withFields(before, ask.body);
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
        return { body: shownCreative(after, changed), version: changed.version };
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
        await changeCampaign(asOfCampaign(ask, campaign.id), sql, parts, creativePart(gone.id), (whole) => ({
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

export async function creativeOf(
  sql: DeskTransaction,
  id: string,
): Promise<{ campaign: Campaign; creative: Creative }> {
  const { rows } = await sql.query<{ campaign_id: string }>('SELECT campaign_id FROM creatives WHERE id = $1', [id]);
  const [campaign] = rows[0] ? await sql.campaigns([rows[0].campaign_id]) : [];
  const found = campaign?.creatives.find((each) => each.id === id.toLowerCase());
  if (campaign && found) return { campaign, creative: found };
  throw new Problem(404, 'Not found', `there is no creative ${id}`);
}
