import Type from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import type { DeskWrite } from '../../engines/catalog/desk.ts';
import { Problem } from '../../engines/http/problem.ts';
import { audit } from '../audit.ts';
import { advertiserName } from '../campaigns/advertiser.ts';
import { type CampaignAsk, campaignOf, changeCampaign, removeCampaign, sameVersion } from '../campaigns/change.ts';
import type { ManagementParts } from '../parts.ts';
import { type Answer, type Ask, type Route, route } from '../route.ts';
import { byId, closed, oneOf } from '../shapes.ts';
import {
  type CampaignChangeV1,
  type CampaignV1,
  campaignChangeV1,
  campaignV1,
  newCampaignV1,
  statusV1,
  withFieldsV1,
  withRates,
} from '../v1/campaign-shape.ts';
import {
  advertiserV1,
  answersV1,
  checkCampaignV1,
  type FoundV1,
  foundV1,
  oneV1,
  writeColumns,
} from '../v1/campaigns.ts';
import { spentSince } from '../v1/delivery.ts';

const tag = 'v1';
const scope = 'campaigns:write';
const CAMPAIGNS_MAX = 100;

const listQuery = closed({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'from 1' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: CAMPAIGNS_MAX, description: 'default 20' })),
  status: Type.Optional(statusV1),
});

const statusBody = closed({ status: oneOf('draft', 'active', 'paused', 'completed') });

export const v1CampaignRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/campaigns',
    tag,
    summary: 'Create a campaign',
    scope,
    body: newCampaignV1,
    answer: campaignV1,
    status: 201,
    refuses: [422],
    handle: (ask, parts) => ask.write((sql) => create(ask, sql, parts)),
  }),

  route({
    method: 'GET',
    path: '/api/v1/campaigns',
    tag,
    summary: 'List campaigns, newest first',
    scope: 'campaigns:read',
    query: listQuery,
    answer: Type.Object({
      campaigns: Type.Array(campaignV1),
      total: Type.Integer(),
      page: Type.Integer(),
      limit: Type.Integer(),
    }),
    handle: async (ask, parts) => {
      const { page = 1, limit = 20, status = null } = ask.query;
      const { ids, found, total } = await ask.read(async (sql) => {
        const { rows } = await sql.query<{ id: string }>(
          `SELECT id FROM campaigns WHERE $1::text IS NULL OR status = $1
           ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3`,
          [status, limit, (page - 1) * limit],
        );
        const ids = rows.map(({ id }) => id);
        return { ids, found: await foundV1(sql, ids), total: await countOf(sql, status) };
      });
      return { body: { campaigns: answersV1(found, await spentSince(parts, ids)), total, page, limit } };
    },
  }),

  route({
    method: 'GET',
    path: '/api/v1/campaigns/:id',
    tag,
    summary: 'Read a campaign',
    scope: 'campaigns:read',
    params: byId,
    answer: campaignV1,
    handle: async (ask, parts) => {
      const found = await ask.read((sql) => oneV1(sql, ask.params.id), 'fresh');
      return answerOf(found, await spentSince(parts, [found.campaign.id]));
    },
  }),

  ...(['PUT', 'PATCH'] as const).flatMap((method) => [
    route({
      method,
      path: '/api/v1/campaigns/:id',
      tag,
      summary: 'Change fields of a campaign; those that are not given stay',
      scope,
      params: byId,
      body: campaignChangeV1,
      answer: campaignV1,
      versioned: 'optional',
      refuses: [422],
      handle: (ask, parts) => change(ask as CampaignAsk, parts, ask.body),
    }),
    route({
      method,
      path: '/api/v1/campaigns/:id/status',
      tag,
      summary: 'Start, pause or complete a campaign',
      scope,
      params: byId,
      body: statusBody,
      answer: campaignV1,
      versioned: 'optional',
      refuses: [422],
      handle: (ask, parts) => change(ask as CampaignAsk, parts, ask.body),
    }),
  ]),

  route({
    method: 'DELETE',
    path: '/api/v1/campaigns/:id',
    tag,
    summary: 'Delete a draft; what has served is completed instead, because its numbers stay',
    scope,
    params: byId,
    versioned: 'optional',
    refuses: [409],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const before = await campaignOf(sql, ask.params.id);
        sameVersion(ask.ifMatch, before.version);
        if (before.status !== 'draft') {
          throw new Problem(409, 'Not a draft', 'only a draft can be deleted; set the status to completed instead', [
            { pointer: '/status', detail: `is ${before.status}` },
          ]);
        }
        await removeCampaign(sql, before.id, parts);
        const { actor } = ask.caller;
        await audit(sql, {
          at: parts.clock.now(),
          actor,
          action: 'delete',
          resource: 'campaign',
          id: before.id,
          before,
          after: null,
        });
        return {};
      }),
  }),
];

async function countOf(sql: Parameters<typeof foundV1>[0], status: string | null): Promise<number> {
  const { rows } = await sql.query<{ total: string }>(
    'SELECT COUNT(*) AS total FROM campaigns WHERE $1::text IS NULL OR status = $1',
    [status],
  );
  return Number(rows[0]?.total);
}

type Spent = Awaited<ReturnType<typeof spentSince>>;

function answerOf(found: FoundV1, since: Spent): { body: CampaignV1; version: number } {
  const [body] = answersV1([found], since);
  return { body: body as CampaignV1, version: found.campaign.version };
}

async function create(
  ask: Ask<unknown, unknown, CampaignChangeV1>,
  sql: DeskWrite,
  parts: ManagementParts,
): Promise<Answer<CampaignV1>> {
  const { body, caller } = ask;
  const given = body.advertiser_id?.toLowerCase();
  const advertiser =
    given === undefined ? await advertiserV1(sql, parts) : { id: given, name: await advertiserName(sql, given) };
  const rates = withRates({ cpm: null, cpc: null, cpv: null }, body);
  const blank: Omit<Campaign, 'version'> = {
    id: parts.random.uuid(),
    name: '',
    advertiserId: advertiser.id,
    advertiserName: advertiser.name,
    status: 'draft',
    startsAt: 0,
    endsAt: 0,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(0) },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [],
  };
  const campaign = withFieldsV1(blank, body, rates);
  checkCampaignV1(campaign, null);
  await sql.putCampaign(campaign);
  await writeColumns(sql, campaign.id, { rates, description: body.description });
  await sql.query('UPDATE campaigns SET created_by = $2 WHERE id = $1', [campaign.id, caller.userId]);
  const answer = answerOf(await oneV1(sql, campaign.id), new Map());
  await audit(sql, {
    at: parts.clock.now(),
    actor: caller.actor,
    action: 'create',
    resource: 'campaign',
    id: campaign.id,
    before: null,
    after: answer.body,
  });
  return { ...answer, location: `/api/v1/campaigns/${campaign.id}` };
}

async function change(ask: CampaignAsk, parts: ManagementParts, body: CampaignChangeV1): Promise<Answer<CampaignV1>> {
  // Asked first: nobody else can write while this one does.
  const since = await spentSince(parts, [ask.params.id.toLowerCase()]);
  return await ask.write((sql) => changeRows(ask, sql, parts, body, since));
}

async function changeRows(
  ask: CampaignAsk,
  sql: DeskWrite,
  parts: ManagementParts,
  body: CampaignChangeV1,
  since: Spent,
): Promise<Answer<CampaignV1>> {
  const { row } = await oneV1(sql, ask.params.id);
  const rates = withRates(row.rates, body);
  const show = async ({ creatives: _, targeting: __, caps: ___, ...shown }: Campaign) => {
    const { description, rates: kept } = (await oneV1(sql, shown.id)).row;
    return { ...shown, description, rates: kept };
  };
  const given = body.advertiser_id?.toLowerCase();
  const moved = given === undefined ? {} : { advertiserId: given, advertiserName: await advertiserName(sql, given) };
  const beside = () => writeColumns(sql, ask.params.id, { rates, description: body.description });
  const changed = await changeCampaign(ask, sql, parts, { resource: 'campaign', show, beside }, (before) => {
    const after = withFieldsV1({ ...before, ...moved }, body, rates);
    checkCampaignV1(after, before);
    return after;
  });
  return answerOf(await oneV1(sql, changed.id), since);
}
