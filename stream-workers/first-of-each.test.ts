import { expect, test } from 'vitest';
import { FirstOfEach } from './first-of-each.ts';

test('what a repeated request was answered counts once, for as long as answers are kept', () => {
  const places = new FirstOfEach();
  const one = { minute: 1_000, reservation: 'a' };
  expect(places.isFirst(5, one)).toBe(true);
  expect(places.isFirst(6, one)).toBe(false);
  expect(places.isFirst(6, { ...one, reservation: 'b' })).toBe(true);
  // The same batch again.
  expect([places.isFirst(5, one), places.isFirst(6, one)]).toEqual([true, false]);
  expect(places.isFirst(7, { minute: 1_060, reservation: 'c' })).toBe(true);
  expect(places.isFirst(8, one)).toBe(false);
  // Longer ago than any answer is kept: nobody repeats it, and it is no longer remembered.
  expect(places.isFirst(9, { minute: 1_071, reservation: 'd' })).toBe(true);
  expect(places.isFirst(10, one)).toBe(true);
});
