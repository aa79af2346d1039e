import { expect, test } from 'vitest';
import { type DeliveredHour, deliveredToday, type ProjectedCampaign } from './course.ts';
import { curveFault, customShare } from './curve.ts';
import { forecastFrom, hourOfWeek, trafficBetween, uniform } from './forecast.ts';
import { projectDelivery } from './projection.ts';
import { targetCurve } from './target.ts';
import { gainInFullDelivery } from './what-if.ts';

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
    const done = { micros: sum(hours.slice(0, 48)), impressions: 0, hours: hours.slice(0, 48) };
    const projection = projectDelivery(campaign, done, uniform, now, false);
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
  const projection = projectDelivery(campaign, { micros: 500_000, impressions: 0, hours }, uniform, now, false);
  expect(projection).toMatchObject({ expected: 2_000_000, probability: 0, reachedAt: null });
  const done = projectDelivery(campaign, { micros: 4_000_000, impressions: 0, hours }, uniform, now, false);
  expect(done).toMatchObject({ probability: 1, reachedAt: now });
  expect(projectDelivery(campaign, { micros: 0, impressions: 0, hours: [] }, uniform, now, false)).toMatchObject({
    probability: null,
  });
});

const flight = (days: number, fields: Partial<Record<keyof ProjectedCampaign, number | null>>): ProjectedCampaign =>
  ({
    startsAt: monday,
    endsAt: monday + days * 24 * hourMs,
    timeZone: 'UTC',
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    ...fields,
  }) as ProjectedCampaign;

const hoursOf = (count: number, micros: number, impressions: number): DeliveredHour[] =>
  Array.from({ length: count }, (_, index) => ({ hour: monday + index * hourMs, micros, impressions }));

function deliveredIn(hours: readonly DeliveredHour[]) {
  const sum = (unit: 'micros' | 'impressions') => hours.reduce((total, hour) => total + hour[unit], 0);
  return { micros: sum('micros'), impressions: sum('impressions'), hours };
}

test('of a budget and a goal, the one that is reached first says where the campaign will end', () => {
  const campaign = flight(10, { totalBudgetMicros: 10_000_000_000, goalImpressions: 100_000 });
  const now = monday + 5 * 24 * hourMs;
  // 54 % of the goal by half-time, for a tenth of the budget.
  const byGoal = projectDelivery(campaign, deliveredIn(hoursOf(120, 9_000_000, 450)), uniform, now, false);
  expect(byGoal).toMatchObject({ unit: 'impressions', total: 100_000, done: 54_000, expected: 100_000, levers: [] });
  expect(byGoal?.probability).toBeGreaterThan(0.9);
  const byBudget = projectDelivery(campaign, deliveredIn(hoursOf(120, 45_000_000, 90)), uniform, now, false);
  expect(byBudget).toMatchObject({ unit: 'micros', done: 5_400_000_000, expected: 10_000_000_000 });
  // Neither is reached: told by the one that comes further.
  const short = projectDelivery(campaign, deliveredIn(hoursOf(120, 9_000_000, 100)), uniform, now, false);
  expect(short).toMatchObject({ unit: 'impressions', expected: 24_000, probability: 0 });
  const unseen = projectDelivery(campaign, { micros: 0, impressions: 0, hours: [] }, uniform, now, false);
  expect(unseen).toMatchObject({ probability: null, expected: null });
});

test('what today has used of its daily budget is not spent again, in money or in impressions', () => {
  const million = 1_000_000;
  const [first, noon] = [monday, monday + 36 * hourMs];
  const hours = [
    { hour: first, micros: 5 * million, impressions: 500 },
    ...hoursOf(36, 0, 0)
      .slice(24)
      .map(({ hour }) => ({ hour, micros: (10 * million) / 12, impressions: 1_000 / 12 })),
  ];
  const budget = flight(2, { totalBudgetMicros: 20 * million, dailyBudgetMicros: 10 * million });
  expect(projectDelivery(budget, deliveredIn(hours), uniform, noon, false)).toMatchObject({
    expected: 15 * million,
    probability: 0,
    reachedAt: null,
  });
  const goal = flight(2, { goalImpressions: 2_000, dailyBudgetMicros: 10 * million });
  expect(projectDelivery(goal, deliveredIn(hours), uniform, noon, false)).toMatchObject({
    unit: 'impressions',
    expected: 1_500,
    probability: 0,
  });
  // No rate helps where the daily budget is what holds: a third day does.
  const levers = projectDelivery(budget, deliveredIn(hours), uniform, noon, false)?.levers ?? [];
  expect(levers.map(({ kind }) => kind)).not.toContain('delivery_rate');
});

test('an hour that stands as two is the same hour, of two days', () => {
  const now = monday + 2 * 24 * hourMs;
  const kolkata = { ...flight(10, { totalBudgetMicros: 300_000_000 }), timeZone: 'Asia/Kolkata' };
  const midnight = monday + 42.5 * hourMs;
  const halves = hoursOf(48, 1_000_000, 100).flatMap((one) =>
    one.hour === midnight - hourMs / 2
      ? [one.hour, midnight].map((hour) => ({ hour, micros: 500_000, impressions: 50 }))
      : [one],
  );
  expect(deliveredToday(halves, 'micros', 'Asia/Kolkata', now)).toBe(5_500_000);
  const [whole, two] = [hoursOf(48, 1_000_000, 100), halves].map((hours) =>
    projectDelivery(kolkata, deliveredIn(hours), uniform, now, false),
  );
  expect(two).toEqual(whole);
});

test('what was spent before the stream counted is done, off the total budget, and delivered by no hour', () => {
  const now = monday + 5 * 24 * hourMs;
  const seen = deliveredIn(hoursOf(120, 1_000_000, 100));
  const before = { totalBudgetMicros: 300_000_000, spentBeforeMicros: 180_000_000 };
  expect(projectDelivery(flight(10, before), seen, uniform, now, false)).toMatchObject({
    done: 300_000_000,
    probability: 1,
    reachedAt: now,
    levers: [],
  });
  const half = { ...before, totalBudgetMicros: 600_000_000 };
  const projection = projectDelivery(flight(10, half), seen, uniform, now, false);
  expect(projection).toMatchObject({ done: 300_000_000, expected: 420_000_000 });
  const longer = flight(10, half);
  const gain = gainInFullDelivery(longer, seen, uniform, now, false, longer.endsAt + 10 * 24 * hourMs);
  expect(gain?.expected).toBeGreaterThan(0.99);
  // A goal is of the impressions that the stream counted: nobody knows the others.
  const goal = flight(10, { goalImpressions: 30_000, spentBeforeMicros: 180_000_000 });
  expect(projectDelivery(goal, seen, uniform, now, false)).toMatchObject({ unit: 'impressions', done: 12_000 });
});
