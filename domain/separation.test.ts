import { expect, test } from 'vitest';
import { ancestorsOf, conflict } from './separation.ts';

const parents = new Map([
  ['cars', 'vehicles'],
  ['electric', 'cars'],
  ['boats', 'vehicles'],
  ['1000', '1000'],
  ['a', 'b'],
  ['b', 'a'],
  ['below', '1000'],
]);
const parentOf = (id: string) => parents.get(id) ?? null;
const category = (id: string) => ({ id, name: id, ancestors: ancestorsOf(id, parentOf) });

test.each([
  ['cars', 'cars', true],
  ['cars', 'vehicles', true],
  ['vehicles', 'electric', true],
  ['cars', 'boats', false],
  ['electric', 'boats', false],
  ['food', 'cars', false],
])('%s and %s: %s', (a, b, conflicts) => {
  expect(conflict([category(a)], [category(b)])).toBe(conflicts);
  expect(conflict([category('food'), category(a)], [category('toys'), category(b)])).toBe(conflicts);
});

test('an ad without categories competes with nobody', () => {
  expect(conflict([], [category('cars')])).toBe(false);
});

test('the walk to the root ends where a taxonomy goes in circles', () => {
  expect(ancestorsOf('electric', parentOf)).toEqual(['cars', 'vehicles']);
  expect(ancestorsOf('1000', parentOf)).toEqual([]);
  expect(ancestorsOf('below', parentOf)).toEqual(['1000']);
  expect(ancestorsOf('a', parentOf)).toEqual(['b']);
});
