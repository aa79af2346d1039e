import fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros } from '../money.ts';
import { dayOf } from '../zone.ts';
import { type Progress, pacingInput } from './pace.ts';
import { initialPacingState, muLimitPpm, type PacingState, pacingStatus, updateMu } from './shadow-price.ts';
import { type PacedCampaign, targetCurve } from './target.ts';

const startsAt = Date.parse('2026-03-02T10:00:00Z');
const hour = 3_600_000;
const campaign: PacedCampaign = {
  startsAt,
  endsAt: startsAt + hour,
  timeZone: 'UTC',
  pacingMode: 'even',
  totalBudgetMicros: micros(12_000_000),
  dailyBudgetMicros: null,
  goalImpressions: null,
};

interface Simulated {
  readonly spent: number;
  /** The farthest from the curve after the first tenth, as a share of the budget. */
  readonly worst: number;
  readonly byDay: readonly number[];
}

/** A market of `perTick` auctions each second: a win where quality, drawn from a fixed sequence around 1, exceeds μ. */
function simulate(paced: PacedCampaign, tickMs: number, perTick: (tick: number) => number, price: number): Simulated {
  let state: PacingState = initialPacingState;
  let spent = 0;
  let worst = 0;
  let drawn = 7;
  let today = dayOf(paced.startsAt, paced.timeZone);
  let spentBeforeToday = 0;
  const byDay: number[] = [];
  const ticks = (paced.endsAt - paced.startsAt) / tickMs;
  for (let tick = 1; tick <= ticks; tick++) {
    for (let auction = 0; auction < perTick(tick); auction++) {
      drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0;
      const quality = 0.6 + (0.8 * (drawn >>> 8)) / 2 ** 24;
      if (quality * 1_000_000 > state.muPpm && spent + price <= (paced.totalBudgetMicros ?? 0)) spent += price;
    }
    const at = paced.startsAt + tick * tickMs;
    if (dayOf(at, paced.timeZone) !== today || tick === ticks) {
      byDay.push(spent - spentBeforeToday);
      today = dayOf(at, paced.timeZone);
      spentBeforeToday = spent;
    }
    const progress: Progress = {
      spentMicros: spent,
      spentBeforeTodayMicros: spentBeforeToday,
      impressions: 0,
      impressionsBeforeToday: 0,
    };
    const input = pacingInput(paced, progress, at, tickMs);
    if (input === null) throw new Error('nothing to pace');
    state = updateMu(state, input);
    if (tick > ticks / 10) worst = Math.max(worst, Math.abs(spent - input.target) / input.budget);
  }
  return { spent, worst, byDay };
}

test.each([
  ['five times the traffic needed', 5, 12_000, 0.05],
  ['barely more traffic than needed', 1.25, 12_000, 0.05],
  ['forty times the traffic needed', 40, 12_000, 0.05],
  // One impression is a hundredth of this budget, so the grain alone is wider.
  ['few, dear impressions', 5, 120_000, 0.08],
])('even pacing stays near its curve and spends the budget with %s', (_, plenty, price, tolerance) => {
  const seconds = hour / 1_000;
  const perSecond = (plenty * 12_000_000) / price / seconds;
  const { spent, worst } = simulate(
    campaign,
    1_000,
    (tick) => Math.floor(perSecond * tick) - Math.floor(perSecond * (tick - 1)),
    price,
  );
  expect(spent).toBeGreaterThanOrEqual(0.95 * 12_000_000);
  expect(worst).toBeLessThan(tolerance);
});

test('even pacing follows a tide of traffic', () => {
  const tide = (tick: number) => Math.round(2 + 1.6 * Math.sin((tick / 3_600) * 4 * Math.PI));
  const { spent, worst } = simulate(campaign, 1_000, tide, 12_000);
  expect(spent).toBeGreaterThanOrEqual(0.95 * 12_000_000);
  expect(worst).toBeLessThan(0.08);
});

test('over days each hour of the flight gets its share, also of the day that is an hour short', () => {
  const days = {
    ...campaign,
    timeZone: 'America/New_York',
    startsAt: Date.parse('2026-03-06T05:00:00Z'),
    endsAt: Date.parse('2026-03-10T04:00:00Z'),
  };
  const { spent, worst, byDay } = simulate(days, 60_000, () => 1, 12_000);
  expect(spent).toBeGreaterThanOrEqual(0.99 * 12_000_000);
  expect(worst).toBeLessThan(0.01);
  const hours = [24, 24, 23, 24];
  expect(byDay).toHaveLength(hours.length);
  byDay.forEach((micros, index) => {
    expect(Math.abs(micros / 12_000_000 - (hours[index] ?? 0) / 95)).toBeLessThan(0.01);
  });
});

test('a flight of 20 seconds is paced too', () => {
  const short = { ...campaign, endsAt: startsAt + 20_000, totalBudgetMicros: micros(1_200_000) };
  const { spent, worst } = simulate(short, 250, () => 6, 12_000);
  expect(spent).toBeGreaterThanOrEqual(0.95 * 1_200_000);
  expect(worst).toBeLessThan(0.25);
});

test('the shadow price falls back to 0 when spend is behind', () => {
  let state: PacingState = { muPpm: 2_000_000, dualPpm: 2_000_000, unit: 'micros', spent: 500, target: 10_000 };
  for (let second = 1; second <= 120; second++) {
    const target = 10_000 + second * 10;
    state = updateMu(state, {
      mode: 'even',
      unit: 'micros',
      spent: 500,
      target,
      budget: 36_000,
      elapsedMs: 1_000,
      horizonMs: hour,
      remainingMs: hour,
      grain: 1,
      before: 0,
    });
  }
  expect(state.muPpm).toBe(0);
});

test('where spend has left the plan the guard rail acts at once, in both directions', () => {
  const state: PacingState = { muPpm: 500_000, dualPpm: 500_000, unit: 'micros', spent: 1_000, target: 1_000 };
  const input = {
    mode: 'even',
    unit: 'micros',
    target: 1_000,
    budget: 2_000,
    elapsedMs: 1,
    horizonMs: hour,
    remainingMs: hour,
    grain: 1,
    before: 0,
  } as const;
  expect(updateMu({ ...state, spent: 1_040 }, { ...input, spent: 1_040 }).muPpm).toBeLessThan(510_000);
  expect(updateMu({ ...state, spent: 1_500 }, { ...input, spent: 1_500 }).muPpm).toBeGreaterThan(1_300_000);
  expect(updateMu({ ...state, spent: 500 }, { ...input, spent: 500 }).muPpm).toBe(0);
});

test('asap never has a shadow price, however far ahead', () => {
  const input = {
    mode: 'asap',
    unit: 'micros',
    spent: 900,
    target: 10,
    budget: 1_000,
    elapsedMs: 1_000,
    remainingMs: hour,
    grain: 1,
    before: 0,
  } as const;
  expect(updateMu(initialPacingState, { ...input, horizonMs: hour }).muPpm).toBe(0);
  expect(updateMu(initialPacingState, { ...input, mode: 'even', horizonMs: hour }).muPpm).toBeGreaterThan(0);
});

test('a change of unit takes no step from amounts that cannot be compared', () => {
  const state: PacingState = { muPpm: 400_000, dualPpm: 400_000, unit: 'micros', spent: 9_000_000, target: 9_000_000 };
  const input = {
    mode: 'even',
    spent: 100,
    target: 100,
    budget: 200,
    elapsedMs: 1_000,
    horizonMs: hour,
    remainingMs: hour,
    grain: 1,
    before: 0,
  } as const;
  expect(updateMu(state, { ...input, unit: 'impressions' })).toMatchObject({ dualPpm: 400_000, spent: 100 });
});

test('whatever happens the shadow price is a whole number within its limits', () => {
  const amount = fc.integer({ min: 0, max: 2 ** 45 });
  const step = fc.record({
    mode: fc.constantFrom('even' as const, 'front_loaded' as const, 'asap' as const),
    unit: fc.constantFrom('micros' as const, 'impressions' as const),
    spent: amount,
    target: amount,
    budget: amount,
    elapsedMs: fc.integer({ min: 0, max: 2 ** 40 }),
    horizonMs: fc.integer({ min: 0, max: 2 ** 40 }),
    remainingMs: fc.integer({ min: 0, max: 2 ** 40 }),
    grain: fc.integer({ min: 1, max: 2 ** 40 }),
    before: amount,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let state = initialPacingState;
      for (const input of steps) {
        state = updateMu(state, input);
        expect(Number.isInteger(state.muPpm) && state.muPpm >= 0 && state.muPpm <= muLimitPpm).toBe(true);
        expect(Number.isInteger(state.dualPpm) && state.dualPpm >= 0 && state.dualPpm <= muLimitPpm).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['even', 94_000, 'under'],
  ['even', 96_000, 'on_track'],
  ['even', 104_000, 'on_track'],
  ['even', 106_000, 'over'],
  ['asap', 1_000, 'on_track'],
] as const)('%s with %i of 100,000 wanted is %s', (mode, spent, status) => {
  const amounts = { spent, target: 100_000, before: 0, budget: 200_000, grain: 1 };
  const times = { elapsedMs: 1, horizonMs: hour, remainingMs: hour };
  expect(pacingStatus({ mode, unit: 'micros', ...amounts, ...times })).toBe(status);
});

test.each([2, 21, 31])('a budget of the day alone is judged by the day, also on day %i of its flight', (day) => {
  const daily = { ...campaign, endsAt: startsAt + 365 * 24 * hour, totalBudgetMicros: null };
  const midnight = Date.parse('2026-03-02T00:00:00Z') + (day - 1) * 24 * hour;
  const inputAt = (atHour: number, today: number) => {
    const before = (day - 1) * 100_000;
    const progress = { ...{ impressions: 0, impressionsBeforeToday: 0 }, spentBeforeTodayMicros: before };
    const paced = { ...daily, dailyBudgetMicros: micros(100_000) };
    const input = pacingInput(paced, { ...progress, spentMicros: before + today }, midnight + atHour * hour, 300);
    if (input === null) throw new Error('it has a budget');
    return input;
  };
  expect(pacingStatus(inputAt(23, 0))).toBe('under');
  expect(pacingStatus(inputAt(1, 90_000))).toBe('over');
  expect(updateMu(initialPacingState, inputAt(1, 90_000)).muPpm).toBeGreaterThan(1_000_000);
});

test('goal and budget: the one that is further ahead of its plan holds', () => {
  const both = { ...campaign, goalImpressions: 1_000 };
  const at = startsAt + hour / 2;
  const progress = { spentMicros: 6_000_000, spentBeforeTodayMicros: 0, impressions: 700, impressionsBeforeToday: 0 };
  expect(pacingInput(both, progress, at, 1_000)).toMatchObject({ unit: 'impressions', spent: 700, target: 500 });
  expect(pacingInput(both, { ...progress, impressions: 400 }, at, 1_000)).toMatchObject({ unit: 'micros' });
  expect(pacingInput({ ...campaign, totalBudgetMicros: null }, progress, at, 1_000)).toBeNull();
  expect(targetCurve(campaign, at)).toBe(6_000_000);
});
