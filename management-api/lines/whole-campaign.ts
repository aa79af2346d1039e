import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { creativeFields, shownCreative } from '../campaigns/creative-shape.ts';
import { type CampaignExtras, neededFields, optionalFields, shown, status } from '../campaigns/shape.ts';
import { limits } from '../limits.ts';
import { cap, capShown } from '../routes/frequency-cap.ts';
import { condition } from '../routes/targeting.ts';
import { closed, money, name, oneOf, orNull, uuid } from '../shapes.ts';

const { advertiser_id: _, ...own } = neededFields;

/** A campaign with all that belongs to it, as one line of an export and of an import. */
export const wholeCampaign = closed({
  id: Type.Optional(uuid('kept where it is free')),
  ...own,
  ...optionalFields,
  status: Type.Optional(status),
  total_budget_micros: Type.Optional(orNull(money(0))),
  advertiser: closed(
    { id: Type.Optional(uuid()), name: name() },
    { description: 'yours of this id, else yours of this name, else a new one' },
  ),
  targeting: Type.Optional(
    Type.Array(
      closed({
        id: Type.Optional(uuid()),
        conditions: Type.Array(condition, { minItems: 1, maxItems: limits.conditions }),
      }),
      { maxItems: limits.rules },
    ),
  ),
  frequency_caps: Type.Optional(Type.Array(cap, { maxItems: limits.caps })),
  categories: Type.Optional(
    Type.Array(
      closed({
        id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
        path: Type.Array(name(100), {
          minItems: 1,
          maxItems: limits.categoryLevels,
          description: 'names from the top down; what is missing of them is made where the id is not known',
        }),
      }),
      { maxItems: limits.categories },
    ),
  ),
  creatives: Type.Optional(
    Type.Array(
      closed({
        id: Type.Optional(uuid()),
        ...creativeFields,
        status: Type.Optional(oneOf('active', 'inactive', 'processing', 'failed')),
      }),
      { maxItems: limits.creatives },
    ),
  ),
});

export type WholeCampaign = Static<typeof wholeCampaign>;

/** `names`: of every category above one of the campaign's. */
export function toLine(campaign: Campaign, extras: CampaignExtras, names: ReadonlyMap<string, string>): string {
  const { name: called, description, starts_at, ends_at, time_zone, pricing, ...more } = shown(campaign, extras);
  const line = {
    id: campaign.id,
    name: called,
    description,
    advertiser: { id: campaign.advertiserId, name: campaign.advertiserName },
    status: campaign.status,
    starts_at,
    ends_at,
    time_zone,
    pricing,
    total_budget_micros: more.total_budget_micros,
    daily_budget_micros: more.daily_budget_micros,
    goal_impressions: more.goal_impressions,
    pacing_mode: more.pacing_mode,
    pacing_curve: more.pacing_curve,
    tier: more.tier,
    place: more.place,
    targeting: campaign.targeting,
    frequency_caps: campaign.caps.map(capShown),
    categories: campaign.categories.map(({ id, name: own, ancestors }) => ({
      id,
      path: [...ancestors.map((above) => names.get(above) ?? above).reverse(), own],
    })),
    creatives: campaign.creatives.map((creative) => {
      const { campaign_id: _id, version: _version, ...rest } = shownCreative(creative, campaign);
      return rest;
    }),
  };
  return `${JSON.stringify(line)}\n`;
}
