import { expect, test } from 'vitest';
import { curveFault, customShare } from './curve.ts';
import { forecastFrom, hourOfWeek, trafficBetween, uniform } from './forecast.ts';
import { type DeliveredHour, type ProjectedCampaign, projectDelivery } from './projection.ts';
import { targetCurve } from './target.ts';

const hourMs = 3_600_000;
const monday = Date.parse('2026-03-02T00:00:00Z');
const evening = (at: number) => (hourOfWeek(at) % 24 >= 18 ? 400 : 100);
const weeks = (count: number) =>
  Array.from({ length: count * 168 }, (_, index) => {
    const hour = monday - (index + 1) * hourMs;
    return { hour, requests: evening(hour) };
  });

test('hours of the week begin on Monday at midnight UTC', () => {
  expect(hourOfWeek(monday)).toBe(0);
  expect(hourOfWeek(monday - 1)).toBe(167);
  expect(hourOfWeek(monday + 30 * hourMs)).toBe(30);
});

test('history is found again, a week sums to 168, and less than a day says nothing', () => {
  const forecast = forecastFrom(weeks(4), monday);
  expect(trafficBetween(forecast, monday + 5, monday + 168 * hourMs + 5)).toBeCloseTo(168, 6);
  const [night, prime] = [forecast.weights[3] ?? 0, forecast.weights[20] ?? 0];
  expect(prime / night).toBeGreaterThan(3.2);
  expect(prime / night).toBeLessThan(4.1);
  expect(forecastFrom(weeks(1).slice(0, 12), monday)).toBe(uniform);
});

test('an even plan follows the expected traffic, and without a forecast the clock', () => {
  const campaign = {
    startsAt: monday,
    endsAt: monday + 24 * hourMs,
    timeZone: 'UTC',
    pacingMode: 'even',
    totalBudgetMicros: 1_000_000,
    dailyBudgetMicros: null,
    goalImpressions: null,
  } as unknown as Parameters<typeof targetCurve>[0];
  const at = monday + 18 * hourMs;
  expect(targetCurve(campaign, at)).toBe(750_000);
  const share = (targetCurve(campaign, at, 0, forecastFrom(weeks(8), monday)) ?? 0) / 1_000_000;
  // 18 hours of 100 before 6 hours of 400.
  expect(share).toBeCloseTo(18 / 42, 1);
  const own = {
    ...campaign,
    pacingMode: 'custom',
    pacingCurve: [
      { flight: 0, plan: 0 },
      { flight: 0.5, plan: 0.9 },
      { flight: 1, plan: 1 },
    ],
  } as const;
  expect(targetCurve(own, monday + 6 * hourMs)).toBe(450_000);
  expect(targetCurve(own, at)).toBe(950_000);
});

test('a curve of its own must run from nothing to everything and never fall', () => {
  const line = [
    { flight: 0, plan: 0 },
    { flight: 1, plan: 1 },
  ];
  expect(curveFault(line)).toBeNull();
  expect(customShare(line, 0.3)).toBeCloseTo(0.3, 9);
  const bad: [{ flight: number; plan: number }[], number][] = [
    [[{ flight: 0, plan: 0 }], 0],
    [
      [
        { flight: 0, plan: 0.1 },
        { flight: 1, plan: 1 },
      ],
      0,
    ],
    [
      [
        { flight: 0, plan: 0 },
        { flight: 0.5, plan: 0.8 },
        { flight: 0.7, plan: 0.6 },
        { flight: 1, plan: 1 },
      ],
      2,
    ],
    [
      [
        { flight: 0, plan: 0 },
        { flight: 0, plan: 0.8 },
        { flight: 1, plan: 1 },
      ],
      1,
    ],
    [
      [
        { flight: 0, plan: 0 },
        { flight: 1, plan: 0.8 },
      ],
      1,
    ],
  ];
  for (const [points, index] of bad) expect(curveFault(points)?.index).toBe(index);
});

/** A fixed sequence of normal draws: sums of twelve uniforms. */
function normals(seed: number): () => number {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, next).reduce((sum, one) => sum + one, -6);
}

test('probabilities of full delivery are calibrated, and eight in ten outcomes lie in the interval', () => {
  const normal = normals(5);
  let inside = 0;
  let squares = 0;
  let filled = 0;
  let believed = 0;
  const runs = 600;
  for (let run = 0; run < runs; run++) {
    const total = 900_000 + 400 * run;
    const hours = Array.from({ length: 96 }, (_, index) => ({
      hour: monday + index * hourMs,
      micros: Math.max(0, Math.round(10_000 + 2_500 * normal())),
      impressions: 0,
    }));
    const now = monday + 48 * hourMs;
    const campaign: ProjectedCampaign = {
      startsAt: monday,
      endsAt: monday + 96 * hourMs,
      timeZone: 'UTC',
      totalBudgetMicros: total as ProjectedCampaign['totalBudgetMicros'],
      dailyBudgetMicros: null,
      goalImpressions: null,
    };
    const sum = (all: readonly DeliveredHour[]) => all.reduce((all2, { micros }) => all2 + micros, 0);
    const done = { micros: sum(hours.slice(0, 48)), impressions: 0 };
    const projection = projectDelivery(campaign, done, hours.slice(0, 48), uniform, now, false);
    const ended = Math.min(total, sum(hours));
    if (ended >= (projection?.low ?? 0) && ended <= (projection?.high ?? 0)) inside++;
    const full = ended >= total * 0.99 ? 1 : 0;
    filled += full;
    believed += projection?.probability ?? 0;
    squares += ((projection?.probability ?? 0) - full) ** 2;
  }
  expect(inside / runs).toBeGreaterThan(0.75);
  expect(Math.abs(filled - believed) / runs).toBeLessThan(0.04);
  // Always saying the base rate would score about a quarter.
  expect(squares / runs).toBeLessThan(0.1);
});

test('a daily budget bounds what is projected, and a plan that is done is certain', () => {
  const campaign: ProjectedCampaign = {
    startsAt: monday,
    endsAt: monday + 96 * hourMs,
    timeZone: 'UTC',
    totalBudgetMicros: 4_000_000 as ProjectedCampaign['totalBudgetMicros'],
    dailyBudgetMicros: 500_000 as ProjectedCampaign['dailyBudgetMicros'],
    goalImpressions: null,
  };
  const hours = Array.from({ length: 24 }, (_, index) => ({
    hour: monday + index * hourMs,
    micros: 50_000,
    impressions: 5,
  }));
  const now = monday + 24 * hourMs;
  const projection = projectDelivery(campaign, { micros: 500_000, impressions: 0 }, hours, uniform, now, false);
  expect(projection).toMatchObject({ expected: 2_000_000, probability: 0, reachedAt: null });
  const done = projectDelivery(campaign, { micros: 4_000_000, impressions: 0 }, hours, uniform, now, false);
  expect(done).toMatchObject({ probability: 1, reachedAt: now });
  expect(projectDelivery(campaign, { micros: 0, impressions: 0 }, [], uniform, now, false)).toMatchObject({
    probability: null,
  });
});
