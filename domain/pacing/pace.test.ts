import { expect, test } from 'vitest';
import { micros } from '../money.ts';
import { pacingInput } from './pace.ts';
import { pacingStatus } from './shadow-price.ts';
import type { PacedCampaign } from './target.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startsAt = Date.parse('2026-03-02T00:00:00Z');

test('a flat campaign is paid by the day, whatever it shows: only its goal is paced', () => {
  const flat: PacedCampaign = {
    startsAt,
    endsAt: startsAt + 10 * dayMs,
    timeZone: 'UTC',
    pacingMode: 'even',
    totalBudgetMicros: micros(1_000_000_000),
    dailyBudgetMicros: micros(200_000_000),
    goalImpressions: null,
    pricing: { model: 'flat', priceMicros: micros(0) },
  };
  const shown = { spentMicros: 0, spentBeforeTodayMicros: 0, impressions: 45_000, impressionsBeforeToday: 40_000 };
  const at = startsAt + 4.5 * dayMs;
  expect(pacingInput(flat, shown, at, 300)).toBeNull();
  const input = pacingInput({ ...flat, goalImpressions: 100_000 }, shown, at, 300);
  expect(input).toMatchObject({ unit: 'impressions', target: 45_000 });
  expect(input && pacingStatus(input)).toBe('on_track');
});
