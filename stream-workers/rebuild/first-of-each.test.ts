import { expect, test } from 'vitest';
import { firstOfEach } from './first-of-each.ts';

test('what a repeated request was answered counts once, for as long as answers are kept', () => {
  const isFirst = firstOfEach();
  const one = { minute: 1_000, reservation: 'a' };
  expect([isFirst(0, one), isFirst(0, one), isFirst(0, { ...one, reservation: 'b' })]).toEqual([true, false, true]);
  expect(isFirst(1, one)).toBe(true);
  expect(isFirst(0, { minute: 1_060, reservation: 'c' })).toBe(true);
  expect(isFirst(0, one)).toBe(false);
  // Longer ago than any answer is kept: nobody repeats it, and it is no longer remembered.
  expect(isFirst(0, { minute: 1_071, reservation: 'd' })).toBe(true);
  expect(isFirst(0, one)).toBe(true);
});
