import type { Campaign, CampaignCategory, Condition, Creative, FrequencyCap } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import { NOWHERE } from './clips.ts';
import { namedUuid } from './named-uuid.ts';
import { type CampaignPlan, campaignPlans } from './plans.ts';

export interface CatalogTimes {
  /** Epoch ms: all flights begin; most end at `endsAt`, those with a short flight at `pacedUntil`. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly pacedUntil: number;
  /** Budgets and goals are multiplied by it. */
  readonly scale: number;
}

/** Most advertisers of the demo stay away from content for children, so that there the house has room. */
const notForKids: Condition = { dimension: 'content_categories', mode: 'exclude', values: ['kids'] };

/** Category name -> its parent. */
const parents: Readonly<Record<string, string | null>> = {
  Beverages: null,
  'Soft drinks': 'Beverages',
  Automotive: null,
  Travel: null,
};

/** The demo's campaigns, the same for the same times: ids follow from names. */
export function demoCatalog(times: CatalogTimes): Omit<Campaign, 'version'>[] {
  return campaignPlans.map((plan) => campaignOf(plan, times));
}

/** The ids of the campaigns that are to be spent along a curve. */
export function pacedCampaigns(): string[] {
  const paced = campaignPlans.filter(({ pacing }) => pacing === 'even' || pacing === 'front_loaded');
  return paced.map(({ name }) => namedUuid(`campaign ${name}`));
}

/** A category's id by its name. */
export function categoryId(name: string): string {
  return namedUuid(`category ${name}`);
}

function campaignOf(plan: CampaignPlan, times: CatalogTimes): Omit<Campaign, 'version'> {
  const id = namedUuid(`campaign ${plan.name}`);
  const creatives = plan.seconds.map((seconds, index) => creativeOf(plan, seconds, index));
  const budget = (value: number | undefined) => (value === undefined ? null : micros(value * times.scale));
  return {
    id,
    name: plan.name,
    advertiserId: namedUuid(`advertiser ${plan.advertiser}`),
    advertiserName: plan.advertiser,
    status: plan.status ?? 'active',
    startsAt: times.startsAt,
    endsAt: plan.shortFlight === true ? times.pacedUntil : times.endsAt,
    timeZone: plan.timeZone ?? 'America/New_York',
    pricing: { model: plan.model ?? 'cpm', priceMicros: micros(plan.priceMicros) },
    totalBudgetMicros: budget(plan.totalBudgetMicros),
    dailyBudgetMicros: budget(plan.dailyBudgetMicros),
    goalImpressions: plan.goalImpressions === undefined ? null : plan.goalImpressions * times.scale,
    pacingMode: plan.pacing ?? 'asap',
    ...(plan.curve === undefined ? {} : { pacingCurve: plan.curve }),
    tier: plan.tier ?? 'standard',
    targeting: targetingOf(plan),
    caps: capsOf(plan, creatives),
    categories: (plan.categories ?? []).map(categoryOf),
    creatives,
  };
}

function targetingOf(plan: CampaignPlan): Campaign['targeting'] {
  const conditions: readonly Condition[] = [
    ...(plan.conditions ?? []),
    ...(plan.besideKids === true ? [] : [notForKids]),
  ];
  return conditions.length === 0 ? [] : [{ id: namedUuid(`rule ${plan.name}`), conditions }];
}

function capsOf(plan: CampaignPlan, creatives: readonly Creative[]): FrequencyCap[] {
  return (plan.caps ?? []).flatMap(({ perCreative, ...cap }): FrequencyCap[] =>
    perCreative === true
      ? creatives.map((creative) => ({ ...cap, creativeId: creative.id }))
      : [{ ...cap, creativeId: null }],
  );
}

function categoryOf(name: string): CampaignCategory {
  const ancestors: string[] = [];
  for (let parent = parents[name]; parent; parent = parents[parent]) ancestors.push(categoryId(parent));
  return { id: categoryId(name), name, ancestors };
}

function creativeOf(plan: CampaignPlan, seconds: number, index: number): Creative {
  const name = `${plan.name} ${seconds}s ${String.fromCharCode(65 + index)}`;
  const id = namedUuid(`creative ${name}`);
  const weight = plan.weights?.[index];
  const base = `${NOWHERE}/${id}`;
  return {
    id,
    name,
    durationSeconds: seconds,
    status: 'active',
    media: [
      {
        url: `${base}/1080p.mp4`,
        type: 'video/mp4',
        delivery: 'progressive',
        width: 1920,
        height: 1080,
        bitrateKbps: 6000,
      },
      {
        url: `${base}/720p.mp4`,
        type: 'video/mp4',
        delivery: 'progressive',
        width: 1280,
        height: 720,
        bitrateKbps: 2800,
      },
      {
        url: `${base}/master.m3u8`,
        type: 'application/x-mpegURL',
        delivery: 'streaming',
        width: 1920,
        height: 1080,
        bitrateKbps: null,
      },
    ],
    clickThrough: `https://shop.breakwater.example/${id}`,
    ...(weight === undefined ? {} : { weight }),
  };
}
