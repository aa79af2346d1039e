import { expect, test } from 'vitest';
import type { Delivered } from '../pacing/course.ts';
import { type Forecast, uniform } from '../pacing/forecast.ts';
import { ownTraffic } from '../pacing/own-hours.ts';
import { projectDelivery } from '../pacing/projection.ts';
import type { AuctionFigures, Findings } from './recommendation.ts';
import { recommend } from './rules.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.parse('2026-11-10T12:00:00Z');

interface Given {
  /** Delivered in each hour of four days and a half, at 10,000 micros each. */
  readonly perHour: number;
  readonly campaign: Partial<Findings['campaign']>;
  readonly auctions: Partial<AuctionFigures>;
  readonly muPpm?: number;
  readonly reach?: Partial<Findings['reach']>;
  readonly forecast?: Forecast;
}

/** A flight of ten days, of which five and a half are left. */
function advised({ perHour, campaign: own, auctions, muPpm = 0, reach = {}, forecast = uniform }: Given) {
  const startsAt = now - 4.5 * dayMs;
  const micros = 10_000 * perHour;
  const hours = Array.from({ length: 108 }, (_, at) => ({
    hour: startsAt + at * hourMs,
    micros,
    impressions: perHour,
  }));
  const delivered: Delivered = { micros: 108 * micros, impressions: 108 * perHour, hours };
  const campaign = {
    id: 'a',
    status: 'active',
    tier: 'standard',
    startsAt,
    endsAt: now + 5.5 * dayMs,
    timeZone: 'UTC',
    pacingMode: 'even',
    totalBudgetMicros: 1_000_000_000,
    dailyBudgetMicros: null,
    goalImpressions: null,
    spentBeforeMicros: 0,
    pricing: { model: 'cpm', priceMicros: 10_000 },
    targeting: [],
    caps: [],
    creatives: [],
    ...own,
  } as unknown as Findings['campaign'];
  const found: Findings = {
    campaign,
    now,
    projection: projectDelivery(campaign, delivered, forecast, now, muPpm > 0),
    flight: campaign,
    delivered,
    forecast,
    impressionsPerDay: 24 * perHour,
    spendMicrosPerDay: 24 * micros,
    muPpm,
    creatives: [],
    exposures: [],
    hours: [],
    auctions: {
      sampledMs: dayMs,
      entered: 20_000,
      won: 5_000,
      lost: 7_000,
      capReached: 0,
      shadowPriced: 0,
      wonAt: [],
      margin: null,
      ...auctions,
    },
    reach: { sampled: 0, matched: 0, onOtherClocks: 0, without: [], ...reach },
  };
  return recommend(found);
}

const heldBack = { shadowPriced: 8_000, wonAt: [{ raise: 0.05, wins: 1_500 }] };

test('a campaign whose days are full is told to run longer, neither to be quicker nor to pay or to target more', () => {
  const advice = advised({
    perHour: 5_000 / 24,
    campaign: {
      dailyBudgetMicros: 50_000_000 as never,
      targeting: [{ conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }] }] as never,
    },
    auctions: heldBack,
    muPpm: 400_000,
    reach: {
      sampled: 10_000,
      matched: 100,
      without: [{ rule: 0, condition: 0, dimension: 'geo_countries', matched: 5_000 }],
    },
  });
  expect(advice.map(({ kind, change }) => `${kind} ${change.field}`)).toEqual(['under_delivery ends_at']);
});

test('days are full also where there are two of them in a week', () => {
  const targeting = [
    { id: 'r', conditions: [{ dimension: 'days_of_week', mode: 'include', values: [6, 7] }] },
  ] as const;
  const flight = { startsAt: now - 30 * dayMs, endsAt: now + 30 * dayMs, timeZone: 'UTC' };
  const kinds = (perDay: number) =>
    advised({
      perHour: (perDay * 2) / 7 / 24,
      campaign: { dailyBudgetMicros: 1e9 as never, totalBudgetMicros: 1e12 as never },
      auctions: heldBack,
      muPpm: 400_000,
      forecast: ownTraffic({ ...flight, targeting }, uniform, now),
    }).map(({ kind, change }) => `${kind} ${change.field}`);
  expect(kinds(100_000)).not.toContain('bid_too_low price');
  expect(kinds(100_000)).not.toContain('under_delivery pacing_mode');
  expect(kinds(80_000)).toContain('bid_too_low price');
});

test('a day with room takes no more than that, at the price that it would pay then', () => {
  const advice = advised({
    perHour: 4_000 / 24,
    campaign: { dailyBudgetMicros: 50_000_000 as never },
    auctions: heldBack,
    muPpm: 400_000,
  });
  expect(advice.map(({ kind, change }) => `${kind} ${change.field}`)).toEqual([
    'under_delivery pacing_mode',
    'bid_too_low price',
  ]);
  const [asap, raise] = advice;
  expect(asap?.effect).toMatchObject({ expected: expect.closeTo(1_000, 5), high: expect.closeTo(1_000, 5) });
  expect(raise?.effect.high).toBeCloseTo(50_000_000 / 10_500 - 4_000, 5);
});

test('no price is advised at which the rest of the budget buys less than the rest of the goal', () => {
  const auctions = { wonAt: [{ raise: 0.3, wins: 3_000 }] };
  const kinds = (goalImpressions: number) =>
    advised({ perHour: 125, campaign: { goalImpressions }, auctions }).map(({ kind }) => kind);
  // 865 dollars are left: at 13 dollars they buy 66,538 more than the 13,500 of now.
  expect(kinds(100_000)).not.toContain('bid_too_low');
  expect(kinds(80_039)).not.toContain('bid_too_low');
  expect(kinds(80_038)).toContain('bid_too_low');
});

test('what is paid by the completed view fills its day at what an impression has cost so far', () => {
  const pricing = { model: 'cpv', priceMicros: 20_000 } as never;
  const kinds = (dailyBudgetMicros: number) =>
    advised({
      perHour: 125,
      campaign: { pricing, dailyBudgetMicros: dailyBudgetMicros as never },
      auctions: heldBack,
    }).map(({ kind }) => kind);
  expect(kinds(30_000_000)).not.toContain('bid_too_low');
  expect(kinds(40_000_000)).toContain('bid_too_low');
});
