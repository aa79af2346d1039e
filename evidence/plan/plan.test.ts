import { expect, test } from 'vitest';
import { keptRow } from './kept.ts';
import { checks, linesOfPlan } from './main.ts';
import { planText, saidOfLatency } from './plan-page.ts';

test('every line of docs/plan.md is checked, and nothing is checked that it does not have', () => {
  const ids = linesOfPlan().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(30);
  expect(checks.map(({ id }) => id).sort()).toEqual([...ids].sort());
});

test('the page says at which rate the latency does not hold, as the kept bench has it', () => {
  expect(planText()).toContain(saidOfLatency(keptRow('decide', 'decide_p95_ms')));
  expect(saidOfLatency({ measured: 104.7, detail: 'at 1000 requests/s' })).toBe(
    'at 1,000 a second it does not hold: 105 ms',
  );
  expect(saidOfLatency({ measured: 31.2, detail: 'at 250 requests/s' })).toBe('at 250 a second it holds: 31 ms');
});

test.each(['L2', 'L3', 'L4', 'H2', 'S2', 'S3'])('%s holds by its kept result alone', async (id) => {
  await checks.find((check) => check.id === id)?.run(null as never);
});
