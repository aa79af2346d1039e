import { expect, test } from 'vitest';
import type { Campaign } from '../../domain/campaign.ts';
import { emptySums } from '../../domain/ledger.ts';
import { uniform } from '../../domain/pacing/forecast.ts';
import { OwnTraffic } from './own-traffic.ts';
import type { OpenSums } from './sums.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const monday = Date.parse('2026-11-02T00:00:00Z');

const campaign = {
  id: 'c',
  startsAt: monday,
  endsAt: monday + 7 * 24 * hourMs,
  timeZone: 'UTC',
  targeting: [
    { id: 'r', conditions: [{ dimension: 'day_parts', mode: 'include', values: [{ start: '06:00', end: '12:00' }] }] },
  ],
} as unknown as Campaign;

function shown(at: number, impressions: number): OpenSums {
  return new Map([[Math.floor(at / minuteMs), new Map([['c', { ...emptySums('c'), impressions }]])]]);
}

const none: OpenSums = new Map();

test('an hour in which a campaign is shown is its own from the next one on, until the campaign is another', () => {
  const traffic = new OwnTraffic();
  const at = monday + 13 * hourMs;
  const before = traffic.of(campaign, uniform, none, at);
  expect(before.weights.slice(12, 15)).toEqual([0, 0, 0]);
  // What may still come in is not counted yet, and nothing twice.
  for (const minutes of [1, 2, 3, 4, 5, 20]) {
    expect(traffic.of(campaign, uniform, shown(at + minuteMs, 5), at + minutes * minuteMs)).toBe(before);
  }
  const after = traffic.of(campaign, uniform, none, at + hourMs);
  expect(after.weights.slice(12, 15).map((weight) => weight > 0)).toEqual([false, true, false]);
  // Of 100 in an hour five are a few.
  traffic.of(campaign, uniform, shown(at + hourMs, 100), at + hourMs + 10 * minuteMs);
  const last = traffic.of(campaign, uniform, none, at + 2 * hourMs);
  expect(last.weights.slice(12, 15).map((weight) => weight > 0)).toEqual([false, false, true]);
  expect(traffic.of({ ...campaign }, uniform, none, at + 2 * hourMs)).toEqual(before);
  traffic.keepOnly([]);
  expect(traffic.of(campaign, uniform, none, at + 2 * hourMs)).toEqual(before);
});

test('a campaign that may serve at any time goes by the forecast itself', () => {
  const traffic = new OwnTraffic();
  const anyTime = { ...campaign, targeting: [] };
  expect(traffic.of(anyTime, uniform, none, monday)).toBe(uniform);
  expect(traffic.of(anyTime, uniform, none, monday + hourMs)).toBe(uniform);
});
