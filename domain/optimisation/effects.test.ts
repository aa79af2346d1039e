import { expect, test } from 'vitest';
import type { Delivered } from '../pacing/course.ts';
import { uniform } from '../pacing/forecast.ts';
import { projectDelivery } from '../pacing/projection.ts';
import { bidTooHigh, bidTooLow } from './bids.ts';
import { underDelivery } from './delivery.ts';
import type { AuctionFigures, Findings } from './recommendation.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const monday = Date.parse('2026-03-02T00:00:00Z');
const now = monday + 5 * dayMs;

/** A campaign of ten days that delivered so much in each hour of five. */
function findings(perHour: number, auctions: Partial<AuctionFigures>, total = 24_000_000): Findings {
  const hours = Array.from({ length: 120 }, (_, index) => ({
    hour: monday + index * hourMs,
    micros: perHour * (1 + 0.2 * Math.sin(index)),
    impressions: 10,
  }));
  const micros = hours.reduce((sum, hour) => sum + hour.micros, 0);
  const delivered: Delivered = { micros, impressions: 1_200, hours };
  const campaign = {
    id: 'a',
    startsAt: monday,
    endsAt: monday + 10 * dayMs,
    timeZone: 'UTC',
    totalBudgetMicros: total,
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    pricing: { model: 'cpm', priceMicros: 10_000 },
  } as unknown as Findings['campaign'];
  const none = {
    sampledMs: dayMs,
    entered: 0,
    won: 0,
    lost: 0,
    capReached: 0,
    shadowPriced: 0,
    wonAt: [],
    margin: null,
  };
  return {
    campaign,
    now,
    projection: projectDelivery(campaign, delivered, uniform, now, false),
    flight: campaign,
    delivered,
    forecast: uniform,
    impressionsPerDay: 240,
    spendMicrosPerDay: 24 * perHour,
    muPpm: 0,
    auctions: { ...none, ...auctions },
  } as unknown as Findings;
}

test('what a longer flight would do is projected, not a fixed share of what is missing', () => {
  const [longer] = underDelivery(findings(90_000, {}));
  expect(longer?.change).toMatchObject({ field: 'ends_at' });
  expect(longer?.effect.expected).toBeGreaterThan(0.85);
  expect(longer?.effect.low).toBeLessThanOrEqual(longer?.effect.expected ?? 0);
  expect(longer?.effect.high).toBeLessThanOrEqual(1);
});

test('what asap would do follows from what pacing turned away, and nothing is expected of it where that is nothing', () => {
  const [asap] = underDelivery(findings(90_000, { entered: 1_000, shadowPriced: 250, won: 300 }));
  expect(asap?.change).toEqual({ field: 'pacing_mode', mode: 'asap' });
  // Of the other 750 it won 300, which were 240 impressions a day: of 250 more it would win 100.
  expect(asap?.effect).toMatchObject({ measure: 'impressions_per_day', expected: expect.closeTo(80, 0) });
  expect(asap?.effect.low).toBeGreaterThan(70);
  expect(asap?.effect.high).toBeLessThan(90);
  const [none] = underDelivery({ ...findings(90_000, { entered: 1_000, won: 300 }), muPpm: 60_000 });
  expect(none?.change).toMatchObject({ field: 'ends_at' });
});

test('a raise is told what it would win also where nothing was won yet', () => {
  const lost = { entered: 900, lost: 900, wonAt: [{ raise: 0.1, wins: 500 }] };
  const [advice] = bidTooLow(findings(50_000, { ...lost, sampledMs: dayMs / 2 }));
  expect(advice?.effect.expected).toBeCloseTo(1_000, -1);
  expect(advice?.effect.low).toBeGreaterThan(900);
  expect(advice?.effect.high).toBeLessThan(1_100);
});

test('a lower price saves the cut at least, and more where wins are lost with it', () => {
  const [advice] = bidTooHigh(findings(150_000, { entered: 400, won: 400, margin: 0.2 }));
  const { expected = 0, low = 0, high = 0 } = advice?.effect ?? {};
  expect(high).toBeCloseTo(-0.1 * 24 * 150_000, 6);
  expect(expected).toBeLessThan(high);
  expect(low).toBeLessThan(expected);
});
