import { expect, test } from 'vitest';
import { nextRun } from '../schedule.ts';
import { previousOf, rangeOf } from './ranges.ts';

const iso = ({ from, to }: { readonly from: number; readonly to: number }) =>
  [from, to].map((at) => new Date(at).toISOString());
const zone = 'America/New_York';

test('ranges are whole days of their zone, also where one has 25 hours', () => {
  const now = Date.UTC(2026, 10, 2, 15, 30, 12);
  expect(iso(rangeOf('yesterday', now, zone))).toEqual(['2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z']);
  expect(iso(rangeOf('today', now, zone))).toEqual(['2026-11-02T05:00:00.000Z', '2026-11-02T15:31:00.000Z']);
  expect(iso(rangeOf('last_month', now, zone))).toEqual(['2026-10-01T04:00:00.000Z', '2026-11-01T04:00:00.000Z']);
  expect(iso(rangeOf('last_week', now, 'UTC'))).toEqual(['2026-10-26T00:00:00.000Z', '2026-11-02T00:00:00.000Z']);
});

test('the time before has as many days of the calendar, else it is as long', () => {
  const from = Date.UTC(2026, 10, 1, 4);
  expect(iso(previousOf(from, Date.UTC(2026, 10, 2, 5), zone))).toEqual([
    '2026-10-31T04:00:00.000Z',
    '2026-11-01T04:00:00.000Z',
  ]);
  expect(previousOf(from, from + 3_600_000, zone)).toEqual({ from: from - 3_600_000, to: from, days: null });
});

test('a schedule runs at its time on the wall, once where the clock is set back', () => {
  const night = Date.UTC(2026, 10, 1, 4);
  const daily = { every: 'day', at: '01:30', time_zone: zone } as const;
  const first = nextRun(daily, night);
  expect(new Date(first).toISOString()).toBe('2026-11-01T05:30:00.000Z');
  expect(new Date(nextRun(daily, first)).toISOString()).toBe('2026-11-02T06:30:00.000Z');
  expect(new Date(nextRun({ every: 'month', at: '00:00' }, night)).toISOString()).toBe('2026-12-01T00:00:00.000Z');
  expect(new Date(nextRun({ every: 'hour', at: '06:15' }, night)).toISOString()).toBe('2026-11-01T04:15:00.000Z');
  for (const [time_zone, at] of [
    ['Asia/Kolkata', '2026-11-01T04:45:00.000Z'],
    ['Australia/Lord_Howe', '2026-11-01T04:15:00.000Z'],
  ] as const) {
    expect(new Date(nextRun({ every: 'hour', at: '06:15', time_zone }, night)).toISOString(), time_zone).toBe(at);
  }
  expect(new Date(nextRun({ every: 'week', at: '09:00' }, night)).getUTCDay()).toBe(1);
});
