import Type, { type Static } from 'typebox';
import type { Campaign, FrequencyCap } from '../../domain/campaign.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { limits } from '../limits.ts';
import { route } from '../route.ts';
import { byId, closed, oneOf, orNull, uuid } from '../shapes.ts';

const tag = 'frequency caps';

/** Windows by name; seconds as the document has them. Rolling: no span of that length holds more. */
const windows = { hour: 3_600, day: 86_400, week: 604_800, month: 2_678_400 } as const;
type Window = keyof typeof windows;

const cap = closed({
  scope: oneOf('user', 'device', 'household', 'ip'),
  creative_id: Type.Optional(orNull(uuid('counts one creative; else all of the campaign'))),
  window: oneOf('hour', 'day', 'week', 'month'),
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
    params: byId,
    body: cap,
    answer: caps,
    status: 201,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        const added = capOf(ask.body);
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) =>
          checked({ ...before, caps: [...before.caps, added] }, () => ''),
        );
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

function capOf(body: Static<typeof cap>): FrequencyCap {
  return {
    scope: body.scope,
    creativeId: body.creative_id?.toLowerCase() ?? null,
    windowSeconds: windows[body.window],
    max: body.max_impressions,
  };
}

/** Throws Problem 422 for caps of creatives that are not there, the same cap twice, and caps that another makes void. */
function checked(campaign: Campaign, at: (index: number) => string): Campaign {
  const wrong: Wrong[] = [];
  campaign.caps.forEach((one, index) => {
    if (one.creativeId !== null && !campaign.creatives.some(({ id }) => id === one.creativeId)) {
      wrong.push({ pointer: `${at(index)}/creative_id`, detail: 'is not a creative of this campaign' });
    }
    const same = (other: FrequencyCap) => other.scope === one.scope && other.creativeId === one.creativeId;
    campaign.caps.slice(0, index).forEach((other) => {
      if (!same(other)) return;
      const [short, long] = other.windowSeconds < one.windowSeconds ? [other, one] : [one, other];
      if (short.windowSeconds === long.windowSeconds) {
        wrong.push({ pointer: at(index), detail: 'there is a cap of this scope, creative and window already' });
      } else if (long.max <= short.max) {
        wrong.push({
          pointer: at(index),
          detail: `${long.max} in a ${nameOf(long)} leaves no meaning to ${short.max} in ${article(short)}: raise one or drop the other`,
        });
      }
    });
  });
  if (wrong.length === 0) return campaign;
  throw new Problem(422, 'Contradicts itself', wrong.map((each) => `${each.pointer} ${each.detail}`).join('; '), wrong);
}

function nameOf({ windowSeconds }: FrequencyCap): Window {
  return (Object.keys(windows) as Window[]).find((name) => windows[name] === windowSeconds) ?? 'month';
}

function article(one: FrequencyCap): string {
  const name = nameOf(one);
  return name === 'hour' ? 'an hour' : `a ${name}`;
}

function answered({ id, version, caps: found }: Campaign) {
  const body = {
    campaign_id: id,
    version,
    caps: found.map((one) => ({
      scope: one.scope as 'user',
      creative_id: one.creativeId,
      window: nameOf(one),
      max_impressions: one.max,
    })),
  };
  return { body, version };
}
