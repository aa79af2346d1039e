import { expect, test } from 'vitest';
import { skewMs } from './clock.ts';

test.each([
  ['between asking and hearing', 1_000, 1_200, 1_500, 0],
  ['after a standstill before it is heard', 1_000, 1_001, 60_000, 0],
  ['by a clock that is ahead', 1_000, 9_000, 1_500, 7_500],
  ['by a clock that is behind', 10_000, 4_000, 10_500, -6_000],
])('an answer that is stamped %s', (_, asked, stamped, heard, skew) => {
  expect(skewMs({ asked, stamped, heard })).toBe(skew);
});
