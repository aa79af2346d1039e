import type { CampaignStatus, CapScope, Condition, CurvePoint, PacingMode, Tier } from '../../domain/campaign.ts';
import type { PricingModel } from '../../domain/money.ts';

/** One campaign of the demo, as its planner would write it down. */
export interface CampaignPlan {
  readonly name: string;
  readonly advertiser: string;
  /** What it is there to show; the summary prints it. Absent: plain demand that fills pods. */
  readonly shows?: string;
  /** One creative for each length. */
  readonly seconds: readonly number[];
  /** Of those, in their order; absent: whichever does best. */
  readonly weights?: readonly number[];
  readonly model?: PricingModel;
  /** Of one billable event. */
  readonly priceMicros: number;
  readonly totalBudgetMicros?: number;
  readonly dailyBudgetMicros?: number;
  readonly goalImpressions?: number;
  readonly pacing?: PacingMode;
  readonly curve?: readonly CurvePoint[];
  /** The flight ends with the demo's traffic. */
  readonly shortFlight?: boolean;
  readonly tier?: Tier;
  readonly status?: CampaignStatus;
  readonly timeZone?: string;
  readonly conditions?: readonly Condition[];
  readonly caps?: readonly {
    readonly scope: CapScope;
    readonly windowSeconds: number;
    readonly max: number;
    readonly perCreative?: boolean;
  }[];
  readonly categories?: readonly string[];
  /** May stand beside content for children. */
  readonly besideKids?: boolean;
}

const HOUR = 3_600;
const DAY = 86_400;
const tide = 'Tidewater Drinks';
const motors = 'Northwind Motors';
const travel = 'Pelican Travel';

const include = (dimension: Condition['dimension'], ...values: unknown[]): Condition => ({
  dimension,
  mode: 'include',
  values,
});

/**
 * Plain demand: every advertiser in every length, for anybody; the long ones take turns by weight, those of 30 s by what does best. A longer ad is worth more than its share of seconds, so
 * that the pod with the most value is also a full one.
 */
const plainDemand: readonly CampaignPlan[] = [tide, motors, travel].flatMap((advertiser) => [
  { name: `${advertiser}: always on, 60 s`, advertiser, seconds: [60, 60], weights: [3, 1], priceMicros: 44_000 },
  { name: `${advertiser}: always on, 30 s`, advertiser, seconds: [30, 30], priceMicros: 20_000 },
  { name: `${advertiser}: always on, short`, advertiser, seconds: [15, 20], priceMicros: 9_000 },
]);

/** Order is part of the demo: nothing depends on it, and the summary follows it. */
export const campaignPlans: readonly CampaignPlan[] = [
  ...plainDemand,
  {
    name: 'Launch night',
    advertiser: tide,
    shows: 'cap: 1 an hour for a user',
    seconds: [30],
    priceMicros: 30_000,
    caps: [{ scope: 'user', windowSeconds: HOUR, max: 1 }],
  },
  {
    name: 'Family wagon',
    advertiser: motors,
    shows: 'cap: 2 a day for a household',
    seconds: [30],
    priceMicros: 29_000,
    besideKids: true,
    caps: [{ scope: 'household', windowSeconds: DAY, max: 2 }],
  },
  {
    name: 'Winter sun',
    advertiser: travel,
    shows: 'cap: 3 an hour for a device',
    seconds: [60],
    priceMicros: 60_000,
    besideKids: true,
    caps: [{ scope: 'device', windowSeconds: HOUR, max: 3 }],
  },
  {
    name: 'Two stories',
    advertiser: motors,
    shows: 'cap: 1 a day for a user and creative',
    seconds: [20, 20],
    priceMicros: 31_000,
    besideKids: true,
    caps: [{ scope: 'user', windowSeconds: DAY, max: 1, perCreative: true }],
  },
  {
    name: 'Last crate',
    advertiser: tide,
    shows: 'budget that runs out',
    seconds: [60],
    priceMicros: 58_000,
    totalBudgetMicros: 1_160_000,
  },
  {
    name: 'Daily ferry',
    advertiser: travel,
    shows: 'daily budget that runs out',
    seconds: [30],
    priceMicros: 28_000,
    dailyBudgetMicros: 700_000,
  },
  {
    name: 'First hundred',
    advertiser: motors,
    shows: 'goal of impressions',
    seconds: [60],
    priceMicros: 54_000,
    goalImpressions: 30,
  },
  {
    name: 'Test drive',
    advertiser: motors,
    shows: 'paid by click',
    seconds: [30],
    model: 'cpc',
    priceMicros: 12_000_000,
    totalBudgetMicros: 6_000_000_000,
  },
  {
    name: 'Whole story',
    advertiser: tide,
    shows: 'paid by completed view',
    seconds: [30],
    model: 'cpv',
    priceMicros: 27_500,
    totalBudgetMicros: 20_000_000,
  },
  {
    name: 'Season sponsor',
    advertiser: travel,
    shows: 'paid flat, with a goal',
    seconds: [20],
    model: 'flat',
    priceMicros: 0,
    totalBudgetMicros: 1_800_000,
    goalImpressions: 60,
  },
  {
    name: 'Cola classic',
    advertiser: tide,
    shows: 'competitor of Road cola',
    seconds: [30],
    priceMicros: 27_000,
    categories: ['Soft drinks'],
  },
  {
    name: 'Road cola',
    advertiser: motors,
    shows: 'competitor of Cola classic',
    seconds: [30],
    priceMicros: 27_000,
    categories: ['Soft drinks'],
  },
  {
    name: 'Cruise bar',
    advertiser: travel,
    shows: 'parent category: keeps both colas away',
    seconds: [60],
    priceMicros: 50_000,
    categories: ['Beverages'],
  },
  {
    name: 'London weekend',
    advertiser: travel,
    shows: 'only in GB',
    seconds: [30],
    priceMicros: 30_000,
    timeZone: 'Europe/London',
    conditions: [include('geo_countries', 'GB')],
  },
  {
    name: 'Morning drive',
    advertiser: motors,
    shows: 'day-part: mornings',
    seconds: [30],
    priceMicros: 28_000,
    conditions: [include('day_parts', { start: '06:00', end: '12:00' })],
  },
  {
    name: 'Evening round',
    advertiser: tide,
    shows: 'day-part: from evening over midnight',
    seconds: [30],
    priceMicros: 28_000,
    conditions: [include('day_parts', { start: '18:00', end: '02:00' })],
  },
  {
    name: 'Big screen',
    advertiser: motors,
    shows: 'only smart TVs',
    seconds: [60],
    priceMicros: 48_000,
    conditions: [include('device_types', 'smart_tv')],
  },
  {
    name: 'Toy parade',
    advertiser: tide,
    shows: 'only beside content for children',
    seconds: [15],
    priceMicros: 10_000,
    conditions: [include('content_categories', 'kids')],
    besideKids: true,
  },
  {
    name: 'Steady tide',
    advertiser: tide,
    shows: 'even pacing',
    seconds: [60],
    priceMicros: 56_000,
    totalBudgetMicros: 5_600_000,
    pacing: 'even',
    shortFlight: true,
  },
  {
    name: 'Steady road',
    advertiser: motors,
    shows: 'even pacing',
    seconds: [30],
    priceMicros: 30_000,
    totalBudgetMicros: 2_400_000,
    pacing: 'even',
    shortFlight: true,
  },
  {
    name: 'Steady wind',
    advertiser: travel,
    shows: 'even pacing',
    seconds: [60, 30],
    priceMicros: 46_000,
    totalBudgetMicros: 4_600_000,
    pacing: 'even',
    shortFlight: true,
  },
  {
    name: 'Early bird',
    advertiser: travel,
    shows: 'front-loaded pacing',
    seconds: [30],
    priceMicros: 29_000,
    totalBudgetMicros: 2_900_000,
    pacing: 'front_loaded',
    shortFlight: true,
  },
  {
    name: 'Slow starter',
    advertiser: tide,
    shows: 'its own curve holds it back; recommended: asap',
    seconds: [30],
    priceMicros: 34_000,
    totalBudgetMicros: 20_400_000,
    pacing: 'custom',
    curve: [
      { flight: 0, plan: 0 },
      { flight: 0.8, plan: 0.04 },
      { flight: 1, plan: 1 },
    ],
    shortFlight: true,
  },
  {
    name: 'On hold',
    advertiser: motors,
    shows: 'paused: never served',
    seconds: [30],
    priceMicros: 90_000,
    status: 'paused',
  },
  {
    name: 'House: stay with us',
    advertiser: travel,
    shows: 'house ad: only where nobody pays',
    seconds: [15, 30],
    priceMicros: 0,
    besideKids: true,
    tier: 'house',
  },
];
