import fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros } from '../money.ts';
import { flatAccrued } from './flat.ts';
import { impressionCurve, type PacedCampaign, targetCurve } from './target.ts';

const day = 86_400_000;
const startsAt = Date.parse('2026-03-02T00:00:00Z');
const tenDays: PacedCampaign = {
  startsAt,
  endsAt: startsAt + 10 * day,
  timeZone: 'UTC',
  pacingMode: 'even',
  totalBudgetMicros: micros(1_000_000),
  dailyBudgetMicros: null,
  goalImpressions: 500,
};

test('even wants a tenth of the budget for a tenth of the flight', () => {
  expect(targetCurve(tenDays, startsAt - 1)).toBe(0);
  expect(targetCurve(tenDays, startsAt + day)).toBe(100_000);
  expect(targetCurve(tenDays, startsAt + 2.5 * day)).toBe(250_000);
  expect(targetCurve(tenDays, tenDays.endsAt)).toBe(1_000_000);
  expect(targetCurve(tenDays, tenDays.endsAt + day)).toBe(1_000_000);
  expect(impressionCurve(tenDays, startsAt + 2.5 * day)).toBe(125);
});

test('front-loaded wants three quarters by half-time', () => {
  expect(targetCurve({ ...tenDays, pacingMode: 'front_loaded' }, startsAt + 5 * day)).toBeCloseTo(750_000, -1);
});

test('asap wants everything at once, or the day’s budget where there is one', () => {
  const asap: PacedCampaign = { ...tenDays, pacingMode: 'asap' };
  expect(targetCurve(asap, startsAt)).toBe(1_000_000);
  expect(targetCurve({ ...asap, dailyBudgetMicros: micros(150_000) }, startsAt + 1.1 * day)).toBe(300_000);
});

test('what earlier days left unspent is spread over the days that remain', () => {
  expect(targetCurve(tenDays, startsAt + 5.5 * day, 200_000)).toBe(280_000);
});

test('a daily budget bounds each day and is spread within it', () => {
  const daily = { ...tenDays, dailyBudgetMicros: micros(60_000) };
  expect(targetCurve(daily, startsAt + 2.5 * day)).toBe(150_000);
  expect(targetCurve({ ...daily, totalBudgetMicros: null }, startsAt + 2.5 * day)).toBe(150_000);
  expect(targetCurve({ ...daily, totalBudgetMicros: null }, startsAt + 2.5 * day, 7_000)).toBe(37_000);
});

test('without a budget there is no curve', () => {
  expect(targetCurve({ ...tenDays, totalBudgetMicros: null }, startsAt)).toBeNull();
});

test('the curve never falls and ends at the whole budget, in any zone and mode', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('UTC', 'America/New_York', 'Pacific/Auckland', 'America/Havana', 'Asia/Kolkata'),
      fc.constantFrom('even' as const, 'front_loaded' as const),
      fc.integer({ min: 1, max: 10 ** 12 }),
      fc.integer({ min: 0, max: 20 * day }),
      fc.integer({ min: 60_000, max: 12 * day }),
      (timeZone, pacingMode, total, shift, length) => {
        const from = Date.parse('2026-03-01T00:00:00Z') + shift;
        const campaign = { ...tenDays, timeZone, pacingMode, totalBudgetMicros: micros(total), startsAt: from };
        const flight = { ...campaign, endsAt: from + length };
        let last = 0;
        for (let step = 0; step <= 20; step++) {
          const wanted = targetCurve(flight, from + Math.floor((length * step) / 20)) ?? Number.NaN;
          // A micro of grain is what summing the days in floating point may cost.
          expect(wanted).toBeGreaterThanOrEqual(last - 1);
          last = wanted;
        }
        expect(Math.abs(last - total)).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 60 },
  );
});

test('a flat budget accrues by calendar day in the campaign’s zone and adds up to the micro', () => {
  const flat = { ...tenDays, timeZone: 'America/New_York', totalBudgetMicros: micros(1_000_003) };
  // 2 March 00:00 UTC is still 1 March in New York: eleven calendar days are touched.
  expect(flatAccrued(flat, startsAt)).toBe(0);
  expect(flatAccrued(flat, Date.parse('2026-03-02T04:59:59Z'))).toBe(0);
  expect(flatAccrued(flat, Date.parse('2026-03-02T05:00:00Z'))).toBe(Math.floor(1_000_003 / 11));
  // Daylight saving began on 8 March: midnight is an hour earlier from the 9th.
  expect(flatAccrued(flat, Date.parse('2026-03-09T04:00:00Z'))).toBe(Math.floor((8 * 1_000_003) / 11));
  expect(flatAccrued(flat, flat.endsAt - 1)).toBeLessThan(1_000_003);
  expect(flatAccrued(flat, flat.endsAt)).toBe(1_000_003);
  expect(flatAccrued({ ...flat, totalBudgetMicros: null, dailyBudgetMicros: micros(7) }, flat.endsAt)).toBe(77);
});
