import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextRun } from './schedule.ts';

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 86_400_000;
const iso = (at: number) => new Date(at).toISOString();

test('a time that the clock skips comes by as much later', () => {
  const skipped = { every: 'day', at: '02:30', time_zone: 'America/New_York' } as const;
  expect(iso(nextRun(skipped, Date.UTC(2026, 2, 8, 5)))).toBe('2026-03-08T07:30:00.000Z');
  const midnight = { every: 'day', at: '00:30', time_zone: 'America/Havana' } as const;
  const run = nextRun(midnight, Date.UTC(2026, 2, 7, 12));
  expect(iso(run)).toBe('2026-03-08T05:30:00.000Z');
  expect(iso(nextRun(midnight, run))).toBe('2026-03-09T04:30:00.000Z');
  // By as much later is the next day here.
  const late = { every: 'day', at: '23:30', time_zone: 'America/Nuuk' } as const;
  expect(iso(nextRun(late, Date.UTC(2024, 2, 31, 1, 5)))).toBe('2024-03-31T01:30:00.000Z');
});

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The clock on the wall, as if it were UTC's. */
function shown(at: number, zone: string): number {
  const formatter =
    formatters.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' });
  formatters.set(zone, formatter);
  return Date.parse(`${formatter.format(at).replace(' ', 'T')}Z`);
}

/** Walks by quarters of an hour until the wall shows the time or one after it; clocks change at quarters. */
function slowRun(wanted: number, zone: string): number {
  let at = wanted - 2 * dayMs;
  while (shown(at + quarterMs, zone) < wanted) at += quarterMs;
  const next = at + quarterMs;
  return shown(next, zone) === wanted ? next : at + (wanted - shown(at, zone));
}

/** Days on which the zone's clock changes in a year, with those beside them; without any, the year's first. */
function daysOfChange(zone: string, year: number): number[] {
  const first = Date.UTC(year, 0, 1);
  const days = Array.from({ length: 365 }, (_, index) => first + index * dayMs);
  const offset = (at: number) => shown(at, zone) - at;
  const changed = days.filter((at) => offset(at) !== offset(at + dayMs));
  return changed.length === 0 ? [first] : changed.flatMap((at) => [at - dayMs, at, at + dayMs]);
}

test('a daily schedule runs next when a walk through the zone’s quarters says so', () => {
  const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
  const hour = fc.oneof(fc.constantFrom(0, 1, 2, 3, 23), fc.nat(23));
  fc.assert(
    fc.property(zones, fc.integer({ min: 1975, max: 2035 }), fc.nat(), hour, fc.nat(59), fc.nat(1_439), (...drawn) => {
      const [zone, year, pick, hours, minutes, since] = drawn;
      const days = daysOfChange(zone, year);
      const now = (days[pick % days.length] ?? 0) + since * minuteMs;
      const today = Math.floor(shown(now, zone) / dayMs) * dayMs;
      const runs = [-2, -1, 0, 1, 2].map((day) =>
        slowRun(today + day * dayMs + (hours * 60 + minutes) * minuteMs, zone),
      );
      const at = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      const run = nextRun({ every: 'day', at, time_zone: zone }, now);
      expect(iso(run)).toBe(iso(Math.min(...runs.filter((one) => one > now))));
    }),
    { numRuns: 1_000 },
  );
}, 60_000);
