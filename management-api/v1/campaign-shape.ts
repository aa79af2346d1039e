import Type, { type Static } from 'typebox';
import type { Campaign } from '../../domain/campaign.ts';
import { decimalOf } from '../../domain/decimal.ts';
import { readInstant } from '../../domain/instant.ts';
import { type Micros, micros, type PricingModel } from '../../domain/money.ts';
import { Problem } from '../../engines/http/problem.ts';
import { closed, MICROS_MAX, name, oneOf, orNull, prose, uuid } from '../shapes.ts';
import { amount, amountAt, shownAmount } from './amounts.ts';

export const statusV1 = oneOf('draft', 'active', 'paused', 'completed');
const model = oneOf('cpm', 'cpc', 'cpv', 'flat');

/** A day is its midnight in UTC. */
const moment = Type.String({
  maxLength: 35,
  pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$',
  description: 'ISO 8601: 2026-12-01, or 2026-12-01T09:00:00Z',
});

/** As wide as the MVP's columns; a CPM has a digit less, so that one impression is a whole number of micros. */
const rates = {
  cpm: { decimals: 3, mostMicros: 999_999_999_000 },
  cpc: { decimals: 4, mostMicros: 999_999_999_900 },
  cpv: { decimals: 4, mostMicros: 999_999_999_900 },
} as const;
/** What is kept may come from v2. */
const kept = {
  cpm: { decimals: 3, mostMicros: MICROS_MAX },
  cpc: { decimals: 6, mostMicros: MICROS_MAX },
  cpv: { decimals: 6, mostMicros: MICROS_MAX },
} as const;
const budget = { decimals: 2, mostMicros: MICROS_MAX } as const;

const fields = {
  name: name(),
  description: Type.Optional(orNull(prose())),
  budget_total: Type.Optional(orNull(amount(budget))),
  start_date: moment,
  end_date: moment,
  pricing_model: Type.Optional(model),
  cpm_rate: Type.Optional(orNull(amount(rates.cpm))),
  cpc_rate: Type.Optional(orNull(amount(rates.cpc))),
  cpv_rate: Type.Optional(orNull(amount(rates.cpv))),
  // The MVP knew no advertisers: who names none has the one that all of its campaigns share.
  advertiser_id: Type.Optional(uuid()),
};

export const newCampaignV1 = closed({ ...fields, status: Type.Optional(oneOf('draft', 'active')) });

export const campaignChangeV1 = closed(
  {
    ...fields,
    name: Type.Optional(fields.name),
    start_date: Type.Optional(moment),
    end_date: Type.Optional(moment),
    status: Type.Optional(statusV1),
  },
  { minProperties: 1 },
);

const money = orNull(Type.Number());

export const campaignV1 = Type.Object({
  id: uuid(),
  name: Type.String(),
  description: orNull(Type.String()),
  status: statusV1,
  budget_total: money,
  budget_spent: Type.Union([Type.Number(), Type.Null()], {
    description: 'what the MVP had spent and what was since; null while the warehouse is away',
  }),
  start_date: Type.String(),
  end_date: Type.String(),
  created_by: orNull(uuid()),
  pricing_model: model,
  cpm_rate: money,
  cpc_rate: money,
  cpv_rate: money,
  advertiser_id: uuid(),
  created_at: Type.String(),
  updated_at: Type.String(),
});

export type CampaignChangeV1 = Static<typeof campaignChangeV1>;
export type CampaignV1 = Static<typeof campaignV1>;

/** Rates of a campaign, as decimal text: the one it goes by, and those that it went by or would go by. */
export interface KeptRates {
  readonly cpm: string | null;
  readonly cpc: string | null;
  readonly cpv: string | null;
}

export interface CampaignRowV1 {
  readonly description: string | null;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly rates: KeptRates;
}

type Unversioned = Omit<Campaign, 'version'>;

/** The kept rates with those of a body over them. Throws Problem 400. */
export function withRates(known: KeptRates, body: CampaignChangeV1): KeptRates {
  const next: Record<keyof KeptRates, string | null> = { ...known };
  for (const each of ['cpm', 'cpc', 'cpv'] as const) {
    const given = body[`${each}_rate`];
    if (given === undefined) continue;
    if (given !== null) amountAt(`/${each}_rate`, given, rates[each]);
    next[each] = given === null ? null : String(given);
  }
  return next;
}

/** The document with a body's fields over it. Throws Problem 400 with the field that cannot be read. */
export function withFieldsV1(before: Unversioned, body: CampaignChangeV1, all: KeptRates): Unversioned {
  const pricingModel = body.pricing_model ?? before.pricing.model;
  const repriced = pricingModel !== before.pricing.model || body[`${pricingModel}_rate` as 'cpm_rate'] !== undefined;
  const priceMicros = repriced ? priceOf(pricingModel, all) : before.pricing.priceMicros;
  return {
    ...before,
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.start_date === undefined ? {} : { startsAt: timeAt('/start_date', body.start_date) }),
    ...(body.end_date === undefined ? {} : { endsAt: timeAt('/end_date', body.end_date) }),
    ...(body.budget_total === undefined
      ? {}
      : { totalBudgetMicros: body.budget_total === null ? null : budgetAt(body.budget_total) }),
    pricing: { model: pricingModel, priceMicros },
    tier: tierOf(before, pricingModel, priceMicros),
  };
}

/** What nobody pays for only fills what nobody paid for. */
function tierOf(before: Unversioned, pricingModel: PricingModel, priceMicros: Micros): Campaign['tier'] {
  const free = pricingModel !== 'flat' && priceMicros === 0;
  if (free) return 'house';
  const wasFree = before.pricing.model !== 'flat' && before.pricing.priceMicros === 0;
  return before.tier === 'house' && wasFree ? 'standard' : before.tier;
}

/** The rate that it goes by; of `flat` there is none. */
export function rateNow({ model: pricingModel, priceMicros }: Campaign['pricing']): Partial<KeptRates> {
  if (pricingModel === 'flat') return {};
  return { [pricingModel]: decimalOf(pricingModel === 'cpm' ? micros(priceMicros * 1_000) : priceMicros) };
}

function priceOf(pricingModel: PricingModel, all: KeptRates): Micros {
  const rate = pricingModel === 'flat' ? null : all[pricingModel];
  if (pricingModel === 'flat' || rate === null) return micros(0);
  const price = amountAt(`/${pricingModel}_rate`, rate, kept[pricingModel]);
  return pricingModel === 'cpm' ? micros(price / 1_000) : price;
}

function budgetAt(given: string | number): Micros {
  const total = amountAt('/budget_total', given, budget);
  if (total > 0) return total;
  const detail = 'must be above 0, or null for no limit';
  throw new Problem(400, 'Invalid request', `/budget_total ${detail}`, [{ pointer: '/budget_total', detail }]);
}

function timeAt(pointer: string, text: string): number {
  const at = readInstant(text);
  if (at !== null) return at;
  const detail = 'is not a day or time that there is';
  throw new Problem(400, 'Invalid request', `${pointer} ${detail}`, [{ pointer, detail }]);
}

export function shownV1(campaign: Campaign, row: CampaignRowV1, spentMicros: Micros | null): CampaignV1 {
  const rate = (each: keyof KeptRates) => (row.rates[each] === null ? null : Number(row.rates[each]));
  return {
    id: campaign.id,
    name: campaign.name,
    description: row.description,
    status: campaign.status,
    budget_total: campaign.totalBudgetMicros === null ? null : shownAmount(campaign.totalBudgetMicros),
    budget_spent: spentMicros === null ? null : shownAmount(spentMicros),
    start_date: new Date(campaign.startsAt).toISOString(),
    end_date: new Date(campaign.endsAt).toISOString(),
    created_by: row.createdBy,
    pricing_model: campaign.pricing.model,
    cpm_rate: rate('cpm'),
    cpc_rate: rate('cpc'),
    cpv_rate: rate('cpv'),
    advertiser_id: campaign.advertiserId,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
