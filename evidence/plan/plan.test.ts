import { expect, test } from 'vitest';
import { checks, linesOfPlan } from './main.ts';

test('every line of docs/plan.md is checked, and nothing is checked that it does not have', () => {
  const ids = linesOfPlan().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(30);
  expect(checks.map(({ id }) => id).sort()).toEqual([...ids].sort());
});
