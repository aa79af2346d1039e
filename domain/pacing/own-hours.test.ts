import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, TargetingRule } from '../campaign.ts';
import { micros } from '../money.ts';
import { normaliseContext } from '../targeting/context.ts';
import { matchCampaign } from '../targeting/plain-matcher.ts';
import { canonicalZone } from '../zone.ts';
import { type Forecast, forecastFrom, hourOfWeek, uniform } from './forecast.ts';
import { ownTraffic } from './own-hours.ts';
import { pacingInput } from './pace.ts';
import { initialPacingState, updateMu } from './shadow-price.ts';
import { targetCurve } from './target.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const monday = Date.parse('2026-11-02T00:00:00Z');

function rule(...conditions: readonly Condition[]): TargetingRule {
  return { id: 'r', conditions };
}

const include = (dimension: Condition['dimension'], ...values: readonly unknown[]): Condition => {
  return { dimension, mode: 'include', values };
};

const mornings = rule(include('day_parts', { start: '06:00', end: '12:00' }));

function campaignOf(days: number, targeting: readonly TargetingRule[], pacingMode = 'even' as const, timeZone = 'UTC') {
  const endsAt = monday + days * dayMs;
  const budget = { totalBudgetMicros: micros(days * 1e9), dailyBudgetMicros: null, goalImpressions: null };
  const pricing = { model: 'cpm' as const, priceMicros: micros(10_000) };
  return { startsAt: monday, endsAt, timeZone, pacingMode, pricing, targeting, ...budget };
}

/**
 * The share of the budget that is spent, where traffic could pay for it so many times over, viewers' clocks are so many hours behind
 * the campaign's, and the higher the shadow price the less is won.
 */
function spentShare(
  days: number,
  traffic: number,
  hoursBehind: number,
  expected: (shown: number[]) => Forecast,
): number {
  const campaign = campaignOf(days, [mornings]);
  const budget = campaign.totalBudgetMicros;
  const stepMs = 60_000;
  const each = (traffic * budget * stepMs) / (days * 6 * hourMs);
  const shown = Array.from({ length: 24 }, () => 0);
  let [state, spent, before] = [initialPacingState, 0, 0];
  let forecast = expected(shown);
  for (let at = monday; at < campaign.endsAt; at += stepMs) {
    if (at % dayMs === 0) before = spent;
    if (at % hourMs === 0) forecast = expected(shown);
    const progress = { spentMicros: spent, spentBeforeTodayMicros: before, impressions: 0, impressionsBeforeToday: 0 };
    const input = pacingInput(campaign, progress, at, stepMs, forecast);
    if (input !== null) state = updateMu(state, input);
    const clock = (at / hourMs - hoursBehind + 24) % 24;
    if (clock < 6 || clock >= 12) continue;
    const won = Math.max(0, Math.min(1, 1.5 - state.muPpm / 1e6));
    const now = Math.min(budget - spent, Math.round(each * won));
    spent += now;
    const hour = Math.floor(at / hourMs) % 24;
    shown[hour] = (shown[hour] ?? 0) + now / 10_000;
  }
  return spent / budget;
}

test.each([1, 7, 30])('a flight of %i days that may serve from six to twelve spends its budget', (days) => {
  const own = (shown: readonly number[]) => ownTraffic(campaignOf(days, [mornings]), uniform, monday, shown);
  expect(spentShare(days, 4, 0, own)).toBeGreaterThan(0.99);
  expect(spentShare(days, 4, 0, () => uniform)).toBeLessThan(0.85);
});

test('viewers who go by a clock far from the campaign’s are not left out of its plan', () => {
  const own = (shown: readonly number[]) => ownTraffic(campaignOf(7, [mornings]), uniform, monday, shown);
  expect(spentShare(7, 4, 8, own)).toBeGreaterThan(0.95);
  expect(spentShare(7, 4, 8, () => uniform)).toBeLessThan(0.93);
});

test.each([
  ['Mondays', [1], 14],
  ['working days', [1, 2, 3, 4, 5], 7],
  ['weekends', [6, 7], 14],
])('what %s show says nothing of other days', (_, days, length) => {
  const [from, to] = [6, 12];
  const targeting = [rule(include('day_parts', { start: '06:00', end: '12:00' }), include('days_of_week', ...days))];
  const campaign = campaignOf(length, targeting);
  const shown = Array.from({ length: 24 }, (__, hour) => (hour >= from && hour < to ? 1_000 : 0));
  const byRules = ownTraffic(campaign, uniform, monday);
  expect(ownTraffic(campaign, uniform, monday, shown)).toEqual(byRules);
  expect(byRules.weights.filter((weight) => weight > 0)).toHaveLength(days.length * (to - from));
});

const minute = fc.integer({ min: 0, max: 47 }).map((half) => {
  return `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`;
});
const part = fc.record({ start: minute, end: minute }).filter(({ start, end }) => start !== end);
const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];
const mode = fc.constantFrom('include' as const, 'exclude' as const);
const timed = fc.record({
  parts: fc.record({ mode, values: fc.array(part, { minLength: 1, maxLength: 2 }) }),
  days: fc.record({ mode, values: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }) }),
  zones: fc.uniqueArray(fc.constantFrom(...zones), { maxLength: 2 }),
});

test('an hour counts by the minutes at which a rule can hold, as the plain matcher says of each', () => {
  fc.assert(
    fc.property(fc.array(timed, { minLength: 1, maxLength: 2 }), fc.constantFrom(...zones), (drawn, timeZone) => {
      const rules = drawn.map(({ parts, days, zones: listed }) => ({
        listed,
        rule: rule(
          { dimension: 'day_parts', ...parts },
          { dimension: 'days_of_week', ...days },
          include('time_zones', ...listed),
        ),
      }));
      const holds = (at: number) =>
        rules.some(({ rule: one, listed }) =>
          (listed.length === 0 ? [undefined] : listed).some((viewers) => {
            const context = normaliseContext({}, at);
            return matchCampaign(
              { targeting: [one], timeZone },
              { ...context, timeZone: viewers === undefined ? null : canonicalZone(viewers) },
            ).ok;
          }),
        );
      const shares = uniform.weights.map((_, hour) => {
        const halves = [0, 0.5].map((half) => holds(monday + (hour + half) * hourMs));
        return halves.filter(Boolean).length / 2;
      });
      const level = shares.reduce((sum, share) => sum + share, 0) / 168;
      const campaign = campaignOf(
        7,
        rules.map((one) => one.rule),
        'even',
        timeZone,
      );
      const own = ownTraffic(campaign, uniform, monday + dayMs);
      const wanted = level === 0 ? uniform.weights : shares.map((share) => share / level);
      for (const [hour, weight] of own.weights.entries()) expect(weight).toBeCloseTo(wanted[hour] ?? -1, 9);
    }),
    { numRuns: 60 },
  );
});

test('hours that show as much as others are its own too, a few viewers far away change nothing', () => {
  const campaign = campaignOf(7, [rule(...mornings.conditions, include('days_of_week', 6, 7))]);
  const shown = Array.from({ length: 24 }, (_, hour): number => (hour >= 6 && hour < 12 ? 100 : 0));
  const plain = ownTraffic(campaign, uniform, monday, shown);
  shown[13] = 9;
  expect(ownTraffic(campaign, uniform, monday, shown)).toEqual(plain);
  shown[13] = 10;
  const { weights } = ownTraffic(campaign, uniform, monday, shown);
  const at = (day: number) => weights[day * 24 + 13] ?? 0;
  expect([0, 1, 2, 3, 4, 5, 6].map((day) => at(day) > 0)).toEqual([false, false, false, false, true, true, true]);
});

test('traffic weighs its own hours as it does all', () => {
  const history = Array.from({ length: 14 * 24 }, (_, index) => ({
    hour: monday - (index + 1) * hourMs,
    requests: hourOfWeek(monday - (index + 1) * hourMs) % 24 < 9 ? 100 : 300,
  }));
  const all = forecastFrom(history, monday);
  const { weights } = ownTraffic(campaignOf(7, [mornings]), all, monday);
  expect((weights[10] ?? 0) / (weights[7] ?? 1)).toBeCloseTo((all.weights[10] ?? 0) / (all.weights[7] ?? 1), 9);
});

test('who may serve at any time, or never in the flight, is planned by all traffic', () => {
  const sundays = rule(include('days_of_week', 7));
  const anyTime = rule(include('geo_countries', 'US'));
  for (const targeting of [[], [anyTime], [mornings, anyTime]]) {
    expect(ownTraffic(campaignOf(7, targeting), uniform, monday)).toBe(uniform);
  }
  expect(ownTraffic(campaignOf(3, [sundays]), uniform, monday)).toBe(uniform);
  expect(ownTraffic(campaignOf(7, [sundays]), uniform, monday)).not.toBe(uniform);
});

test('a day without an hour of its own adds nothing to the plan, and after the last hour all is due', () => {
  const campaign = campaignOf(7, [rule(...mornings.conditions, include('days_of_week', 2, 4))]);
  const due = (day: number, hour: number, before: number) => {
    const at = monday + day * dayMs + hour * hourMs;
    return targetCurve(campaign, at, before, ownTraffic(campaign, uniform, monday));
  };
  expect(due(0, 23, 0)).toBe(0);
  expect(due(1, 9, 0)).toBe(1_750_000_000);
  expect(due(1, 12, 0)).toBe(3_500_000_000);
  expect(due(2, 15, 3_000_000_000)).toBe(3_000_000_000);
  expect(due(3, 13, 3_000_000_000)).toBe(7_000_000_000);
  expect(due(5, 3, 6_000_000_000)).toBe(7_000_000_000);
});
