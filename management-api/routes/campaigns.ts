import type { Campaign } from '../../domain/campaign.ts';
import type { DeskTransaction } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { advertiserName } from '../campaigns/advertiser.ts';
import {
  type CampaignAsk,
  campaignOf,
  changeCampaign,
  extrasOf,
  removeCampaign,
  sameVersion,
} from '../campaigns/change.ts';
import { checkCampaign, warningsOf } from '../campaigns/check-campaign.ts';
import { listCampaigns, listQuery } from '../campaigns/list.ts';
import {
  blankCampaign,
  type CampaignAnswer,
  type CampaignExtras,
  campaignAnswer,
  campaignPatch,
  newCampaign,
  shown,
  withFields,
} from '../campaigns/shape.ts';
import { pageOf } from '../pages.ts';
import { route } from '../route.ts';
import { byId } from '../shapes.ts';

const tag = 'campaigns';
const nobodysExtras: CampaignExtras = { description: null, createdAt: new Date(0), updatedAt: new Date(0) };

export const campaignRoutes = [
  route({
    method: 'POST',
    path: '/api/v2/campaigns',
    tag,
    summary: 'Create a campaign',
    scope: 'campaigns:write',
    body: newCampaign,
    answer: campaignAnswer,
    status: 201,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body } = ask;
        const advertiserId = body.advertiser_id.toLowerCase();
        const blank = blankCampaign(parts.random.uuid(), {
          id: advertiserId,
          name: await advertiserName(sql, advertiserId),
        });
        const campaign = withFields(blank, body);
        checkCampaign(campaign, null, body.pricing.rate_micros);
        const version = await sql.putCampaign(campaign);
        await describe(sql, campaign.id, body.description);
        const answer = await answerOf(sql, { ...campaign, version });
        await audit(sql, {
          at: parts.clock.now(),
          actor: ask.caller.actor,
          action: 'create',
          resource: 'campaign',
          id: campaign.id,
          before: null,
          after: answer,
        });
        return { body: answer, version, location: `/api/v2/campaigns/${campaign.id}` };
      }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/campaigns',
    tag,
    summary: 'List campaigns',
    scope: 'campaigns:read',
    query: listQuery,
    answer: pageOf(campaignAnswer),
    handle: async (ask) => ({ body: await ask.read((sql) => listCampaigns(sql, ask.query)) }),
  }),

  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id',
    tag,
    summary: 'Read a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: campaignAnswer,
    handle: async (ask) => {
      const body = await ask.read(async (sql) => answerOf(sql, await campaignOf(sql, ask.params.id)), 'fresh');
      return { body, version: body.version };
    },
  }),

  route({
    method: 'PATCH',
    path: '/api/v2/campaigns/:id',
    tag,
    summary: 'Change fields of a campaign, its status among them',
    scope: 'campaigns:write',
    params: byId,
    body: campaignPatch,
    answer: campaignAnswer,
    versioned: true,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const { body } = ask;
        const advertiser = body.advertiser_id?.toLowerCase();
        const name = advertiser === undefined ? null : await advertiserName(sql, advertiser);
        const show = async (campaign: Campaign) => shown(campaign, await extrasNow(sql, campaign.id));
        const beside = () => describe(sql, ask.params.id, body.description);
        const part = { resource: 'campaign', show, beside };
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => {
          const after = withFields({ ...before, advertiserName: name ?? before.advertiserName }, body);
          checkCampaign(after, before, body.pricing?.rate_micros ?? null);
          return after;
        });
        return { body: await answerOf(sql, changed), version: changed.version };
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/campaigns/:id',
    tag,
    summary: 'Delete a draft; what has served is completed instead, because its numbers stay',
    scope: 'campaigns:write',
    params: byId,
    versioned: true,
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await campaignOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        if (before.status !== 'draft') {
          throw new Problem(409, 'Not a draft', 'only a draft can be deleted; set the status to completed instead');
        }
        const was = await answerOf(sql, before);
        await removeCampaign(sql, before.id, parts);
        await audit(sql, {
          at: parts.clock.now(),
          actor: ask.caller.actor,
          action: 'delete',
          resource: 'campaign',
          id: before.id,
          before: was,
          after: null,
        });
        return {};
      }),
  }),
];

async function answerOf(sql: DeskTransaction, campaign: Campaign): Promise<CampaignAnswer> {
  const answer = shown(campaign, await extrasNow(sql, campaign.id));
  const warnings = warningsOf(campaign);
  return warnings.length === 0 ? answer : { ...answer, warnings: [...warnings] };
}

async function extrasNow(sql: DeskTransaction, id: string): Promise<CampaignExtras> {
  return (await extrasOf(sql, [id])).get(id) ?? nobodysExtras;
}

export async function describe(
  sql: DeskTransaction,
  id: string,
  description: string | null | undefined,
): Promise<void> {
  if (description === undefined) return;
  await sql.query('UPDATE campaigns SET description = $2 WHERE id = $1', [id, description]);
}
