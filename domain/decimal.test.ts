import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalOf, microsOf } from './decimal.ts';
import { micros } from './money.ts';

test.each([
  [0, 2, 0],
  ['0', 2, 0],
  [12.5, 3, 12_500_000],
  ['12.50', 2, 12_500_000],
  ['12.345600', 4, 12_345_600],
  [0.1, 1, 100_000],
  ['0.000001', 6, 1],
  [1e-6, 6, 1],
  [1_000_000_000, 2, 1_000_000_000_000_000],
  ['007.10', 2, 7_100_000],
])('%s with at most %i decimals is %i micros', (amount, decimals, expected) => {
  expect(microsOf(amount, decimals)).toBe(expected);
});

test.each([
  ['12.345', 2, 'too_many_decimals'],
  [0.0001, 3, 'too_many_decimals'],
  [1e-7, 6, 'too_many_decimals'],
  ['0.0000001', 9, 'too_many_decimals'],
  [1e21, 2, 'too_large'],
  ['1000000000.01', 2, 'too_large'],
  [-1, 2, 'not_a_decimal'],
  ['1,5', 2, 'not_a_decimal'],
  ['', 2, 'not_a_decimal'],
  ['1e3', 2, 'not_a_decimal'],
  [' 1', 2, 'not_a_decimal'],
  [Number.NaN, 2, 'not_a_decimal'],
  [Number.POSITIVE_INFINITY, 2, 'not_a_decimal'],
])('%s with at most %i decimals is refused: %s', (amount, decimals, fault) => {
  expect(microsOf(amount, decimals)).toBe(fault);
});

test('micros come back exactly from their decimal, as text and as a JSON number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000_000 }).map(micros), (amount) => {
      const text = decimalOf(amount);
      const number = JSON.parse(JSON.stringify(Number(text)));
      return microsOf(text, 6) === amount && microsOf(number, 6) === amount;
    }),
  );
});
