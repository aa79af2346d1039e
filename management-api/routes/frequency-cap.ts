import Type, { type Static } from 'typebox';
import type { Campaign, FrequencyCap } from '../../domain/campaign.ts';
import { capFaults, capWindows } from '../../domain/frequency/cap-set.ts';
import { Problem } from '../../engines/http/problem.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { route } from '../route.ts';
import { byId, closed, oneOf, orNull, uuid } from '../shapes.ts';

const tag = 'frequency caps';

/** Rolling windows by name: no span of that length holds more. `lifetime`: no window; in a stream or pod, the whole of it. In a stream a day is the longest. */
const windows = { ...capWindows, lifetime: null } as const;
type Window = keyof typeof windows;

export const cap = closed({
  scope: oneOf('user', 'device', 'household', 'ip', 'stream', 'pod'),
  creative_id: Type.Optional(orNull(uuid('counts one creative; else all of the campaign'))),
  window: oneOf('minute', 'hour', 'day', 'week', 'month', 'lifetime'),
  max_impressions: Type.Integer({ minimum: 1, maximum: 10_000 }),
});

const caps = Type.Object({ campaign_id: uuid(), version: Type.Integer(), caps: Type.Array(cap) });
const newCaps = closed({ caps: Type.Array(cap, { maxItems: limits.caps }) });

const part = { resource: 'frequency_cap', show: (campaign: Campaign) => campaign.caps };

export const frequencyCapRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id/frequency-cap',
    tag,
    summary: 'Read the frequency caps',
    scope: 'campaigns:read',
    params: byId,
    answer: caps,
    handle: async (ask) => answered(await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh')),
  }),

  route({
    method: 'POST',
    path: '/api/v2/campaigns/:id/frequency-cap',
    tag,
    summary: 'Add a cap to those there are',
    scope: 'campaigns:write',
    versioned: 'optional',
    params: byId,
    body: cap,
    answer: caps,
    status: 201,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const added = capOf(ask.body);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => {
          if (before.caps.length >= limits.caps) {
            throw new Problem(409, 'Too many caps', `a campaign has at most ${limits.caps}`);
          }
          return checked({ ...before, caps: [...before.caps, added] }, () => '');
        });
        return answered(changed);
      }),
  }),

  route({
    method: 'PUT',
    path: '/api/v2/campaigns/:id/frequency-cap',
    tag,
    summary: 'Replace all caps',
    scope: 'campaigns:write',
    params: byId,
    body: newCaps,
    answer: caps,
    versioned: true,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const wanted = ask.body.caps.map(capOf);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) =>
          checked({ ...before, caps: wanted }, (index) => `/caps/${index}`),
        );
        return answered(changed);
      }),
  }),
];

export function capOf(body: Static<typeof cap>): FrequencyCap {
  return {
    scope: body.scope,
    creativeId: body.creative_id?.toLowerCase() ?? null,
    windowSeconds: windows[body.window],
    max: body.max_impressions,
  };
}

/** Throws Problem 422 with every cap that is wrong by itself or beside another. */
function checked(campaign: Campaign, at: (index: number) => string): Campaign {
  const creativeIds = campaign.creatives.map(({ id }) => id);
  const wrong = capFaults(campaign.caps, creativeIds).map(({ index, detail }) => ({ pointer: at(index), detail }));
  if (wrong.length === 0) return campaign;
  const detail = wrong.map((each) => `${each.pointer || 'the cap'}: ${each.detail}`).join('; ');
  throw new Problem(422, 'Contradicts itself', detail, wrong);
}

function nameOf({ windowSeconds }: FrequencyCap): Window {
  return (Object.keys(windows) as Window[]).find((name) => windows[name] === windowSeconds) ?? 'lifetime';
}

export function capShown(one: FrequencyCap) {
  return { scope: one.scope, creative_id: one.creativeId, window: nameOf(one), max_impressions: one.max };
}

function answered({ id, version, caps: found }: Campaign) {
  const body = { campaign_id: id, version, caps: found.map(capShown) };
  return { body, version };
}
