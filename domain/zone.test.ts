import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalZone, dayNumberOf, dayOf, endOfDay, isReadableZone, startOfDay, wallClock } from './zone.ts';

const zones = ['UTC', 'America/New_York', 'America/Havana', 'America/Santiago', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const anInstant = fc.integer({ min: Date.parse('2020-01-01T00:00:00Z'), max: Date.parse('2031-01-01T00:00:00Z') });

/** Reads the wall straight from Intl, with a formatter of its own. */
function onTheWall(at: number, timeZone: string): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
}

test.each([
  ['US/Eastern', 'America/New_York'],
  ['america/los_angeles', 'America/Los_Angeles'],
  ['Mars/Olympus', null],
  ['+05:30', null],
  ['SystemV/AST4', null],
  ['Etc/GMT+5', 'Etc/GMT+5'],
  ['Zulu', 'UTC'],
  ['', null],
])('the zone %s is %s', (name, canonical) => {
  expect(canonicalZone(name)).toBe(canonical);
});

test('aliases of one zone have one name', () => {
  expect(canonicalZone('Asia/Calcutta')).toBe(canonicalZone('Asia/Kolkata'));
});

test('a zone that is no longer taken can still be read', () => {
  expect(isReadableZone('SystemV/AST4')).toBe(true);
  expect(isReadableZone('Mars/Olympus')).toBe(false);
});

test('the wall clock is what Intl shows, in any order of asking', () => {
  fc.assert(
    fc.property(anInstant, fc.constantFrom(...zones), (at, zone) => {
      const { day, minuteOfDay, weekday } = wallClock(at, zone);
      const hours = String(Math.floor(minuteOfDay / 60)).padStart(2, '0');
      expect(`${day} ${hours}:${String(minuteOfDay % 60).padStart(2, '0')}`).toBe(onTheWall(at, zone));
      expect(weekday).toBe(new Date(`${day}T12:00:00Z`).getUTCDay() || 7);
    }),
    { numRuns: 300 },
  );
});

test('a day starts at the first instant that shows it, and the one before shows another', () => {
  fc.assert(
    fc.property(anInstant, fc.constantFrom(...zones), (at, zone) => {
      const day = dayOf(at, zone);
      const start = startOfDay(day, zone);
      expect(start).toBeLessThanOrEqual(at);
      expect(dayOf(start, zone)).toBe(day);
      expect(dayOf(start - 1, zone) < day).toBe(true);
      expect(endOfDay(at, zone)).toBeGreaterThan(at);
      expect(dayNumberOf(dayOf(endOfDay(at, zone), zone))).toBe(dayNumberOf(day) + 1);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['America/New_York', '2026-03-08', 23],
  ['America/New_York', '2026-11-01', 25],
  ['America/Havana', '2026-03-08', 23],
  ['America/Santiago', '2026-09-06', 23],
  ['Australia/Lord_Howe', '2026-04-05', 24.5],
  ['Asia/Kolkata', '2026-03-08', 24],
])('in %s %s lasts %f hours', (zone, day, hours) => {
  const start = startOfDay(day, zone);
  expect((endOfDay(start, zone) - start) / 3_600_000).toBe(hours);
});
