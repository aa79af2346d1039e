import Type, { type Static } from 'typebox';
import type { Campaign, Tier } from '../../domain/campaign.ts';
import { micros, type PricingModel } from '../../domain/money.ts';
import { curvePointsMax } from '../../domain/pacing/curve.ts';
import { closed, MICROS_MAX, money, name, oneOf, orNull, prose, time, uuid, warning } from '../shapes.ts';

export const status = oneOf('draft', 'active', 'paused', 'completed');

const pricing = closed(
  {
    model: oneOf('cpm', 'cpc', 'cpv', 'flat'),
    rate_micros: Type.Integer({ minimum: 0, maximum: MICROS_MAX }),
  },
  {
    description: 'cpm: for 1,000 impressions, a multiple of 1,000; cpc, cpv: for one click or completed view; flat: 0',
  },
);

const share = Type.Number({ minimum: 0, maximum: 1 });

const curve = Type.Array(closed({ flight: share, plan: share }), {
  minItems: 2,
  maxItems: curvePointsMax,
  description:
    'for pacing_mode custom: by this share of the expected traffic of the flight this share of the plan is due; from (0, 0) to (1, 1)',
});

export const optionalFields = {
  description: Type.Optional(orNull(prose())),
  time_zone: Type.Optional(Type.String({ maxLength: 64, description: 'IANA name; default UTC' })),
  total_budget_micros: Type.Optional(orNull(money())),
  daily_budget_micros: Type.Optional(orNull(money())),
  goal_impressions: Type.Optional(orNull(Type.Integer({ minimum: 1, maximum: MICROS_MAX }))),
  pacing_mode: Type.Optional(oneOf('even', 'asap', 'front_loaded', 'custom')),
  pacing_curve: Type.Optional(orNull(curve)),
  tier: Type.Optional(
    Type.Unsafe<Tier>(
      Type.Enum(['guaranteed', 'standard', 'house'], {
        description: 'who goes first: guaranteed beats standard; house only fills what nobody paid for',
      }),
    ),
  ),
  place: Type.Optional(orNull(oneOf('first', 'last'))),
};

export const neededFields = {
  name: name(),
  advertiser_id: uuid(),
  starts_at: time(),
  ends_at: time(),
  pricing,
};

export const newCampaign = closed({
  ...neededFields,
  ...optionalFields,
  status: Type.Optional(oneOf('draft', 'active')),
});

export const campaignPatch = closed(
  {
    name: Type.Optional(neededFields.name),
    advertiser_id: Type.Optional(neededFields.advertiser_id),
    starts_at: Type.Optional(neededFields.starts_at),
    ends_at: Type.Optional(neededFields.ends_at),
    pricing: Type.Optional(pricing),
    ...optionalFields,
    status: Type.Optional(status),
  },
  { minProperties: 1 },
);

export const campaignAnswer = Type.Object({
  id: uuid(),
  version: Type.Integer(),
  name: Type.String(),
  description: orNull(Type.String()),
  advertiser_id: uuid(),
  advertiser_name: Type.String(),
  status,
  starts_at: Type.String(),
  ends_at: Type.String(),
  time_zone: Type.String(),
  pricing,
  total_budget_micros: orNull(Type.Integer()),
  daily_budget_micros: orNull(Type.Integer()),
  goal_impressions: orNull(Type.Integer()),
  pacing_mode: Type.String(),
  pacing_curve: orNull(Type.Array(Type.Object({ flight: Type.Number(), plan: Type.Number() }))),
  tier: Type.String(),
  place: orNull(Type.String({ description: 'the only place of a pod where its ads may stand; null: any' })),
  targeting_rules: Type.Integer({ description: 'how many; see /targeting' }),
  frequency_caps: Type.Integer(),
  categories: Type.Integer(),
  creatives: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
  warnings: Type.Optional(Type.Array(warning)),
});

export type NewCampaign = Static<typeof newCampaign>;
export type CampaignPatch = Static<typeof campaignPatch>;
export type CampaignAnswer = Static<typeof campaignAnswer>;

/** What a campaign's row says beyond its document. */
export interface CampaignExtras {
  readonly description: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const EVENTS_OF_RATE: Readonly<Record<PricingModel, number>> = { cpm: 1_000, cpc: 1, cpv: 1, flat: 1 };

/** The price of one event as the document has it. A rate that is no whole number of micros an event is told by its rule. */
export function pricingOf({ model, rate_micros }: Static<typeof pricing>): Campaign['pricing'] {
  return { model, priceMicros: micros(Math.floor(rate_micros / EVENTS_OF_RATE[model])) };
}

/** A draft of which nothing is said yet. */
export function blankCampaign(
  id: string,
  advertiser: { readonly id: string; readonly name: string },
): Omit<Campaign, 'version'> {
  return {
    id,
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
}

/** The document with the fields of a body over it. */
export function withFields(campaign: Omit<Campaign, 'version'>, body: CampaignPatch): Omit<Campaign, 'version'> {
  const amount = (value: number | null) => (value === null ? null : micros(value));
  return {
    ...campaign,
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.advertiser_id === undefined ? {} : { advertiserId: body.advertiser_id.toLowerCase() }),
    ...(body.starts_at === undefined ? {} : { startsAt: Date.parse(body.starts_at) }),
    ...(body.ends_at === undefined ? {} : { endsAt: Date.parse(body.ends_at) }),
    ...(body.time_zone === undefined ? {} : { timeZone: body.time_zone }),
    ...(body.pricing === undefined ? {} : { pricing: pricingOf(body.pricing) }),
    ...(body.total_budget_micros === undefined ? {} : { totalBudgetMicros: amount(body.total_budget_micros) }),
    ...(body.daily_budget_micros === undefined ? {} : { dailyBudgetMicros: amount(body.daily_budget_micros) }),
    ...(body.goal_impressions === undefined ? {} : { goalImpressions: body.goal_impressions }),
    ...(body.pacing_mode === undefined ? {} : { pacingMode: body.pacing_mode }),
    ...(body.pacing_curve === undefined ? {} : { pacingCurve: body.pacing_curve }),
    ...(body.tier === undefined ? {} : { tier: body.tier }),
    ...(body.place === undefined ? {} : { place: body.place }),
    ...(body.status === undefined ? {} : { status: body.status }),
  };
}

export function shown(campaign: Campaign, extras: CampaignExtras): CampaignAnswer {
  const { model, priceMicros } = campaign.pricing;
  return {
    id: campaign.id,
    version: campaign.version,
    name: campaign.name,
    description: extras.description,
    advertiser_id: campaign.advertiserId,
    advertiser_name: campaign.advertiserName,
    status: campaign.status,
    starts_at: new Date(campaign.startsAt).toISOString(),
    ends_at: new Date(campaign.endsAt).toISOString(),
    time_zone: campaign.timeZone,
    pricing: { model, rate_micros: priceMicros * EVENTS_OF_RATE[model] },
    total_budget_micros: campaign.totalBudgetMicros,
    daily_budget_micros: campaign.dailyBudgetMicros,
    goal_impressions: campaign.goalImpressions,
    pacing_mode: campaign.pacingMode,
    pacing_curve: campaign.pacingCurve ? [...campaign.pacingCurve] : null,
    tier: campaign.tier,
    place: campaign.place ?? null,
    targeting_rules: campaign.targeting.length,
    frequency_caps: campaign.caps.length,
    categories: campaign.categories.length,
    creatives: campaign.creatives.length,
    created_at: extras.createdAt.toISOString(),
    updated_at: extras.updatedAt.toISOString(),
  };
}
