import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertChange, clearFault, retryAfterMs } from './rule.ts';

test('raised and cleared take turns whatever the values are, and silence changes nothing', () => {
  const value = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 40 }),
      fc.constantFrom('above' as const, 'below' as const),
      (values, comparison) => {
        const rule = {
          measure: 'fill',
          comparison,
          threshold: 0.5,
          clearThreshold: comparison === 'above' ? 0.4 : 0.6,
        } as const;
        let raised = false;
        let last: string | null = null;
        for (const one of values) {
          const change = alertChange(rule, raised, one);
          if (one === null) expect(change).toBeNull();
          if (change === null) continue;
          expect(change).not.toBe(last);
          expect(change).toBe(raised ? 'CLEARED' : 'RAISED');
          raised = change === 'RAISED';
          last = change;
        }
      },
    ),
  );
});

test('between the thresholds a raised alert stays and a clear one stays clear', () => {
  const rule = { measure: 'lag', comparison: 'above', threshold: 10, clearThreshold: 4 } as const;
  expect(alertChange(rule, false, 7)).toBeNull();
  expect(alertChange(rule, true, 7)).toBeNull();
  expect(alertChange(rule, false, 11)).toBe('RAISED');
  expect(alertChange(rule, true, 4)).toBe('CLEARED');
  expect(clearFault({ comparison: 'above', threshold: 1, clearThreshold: 2 })).not.toBeNull();
  expect(clearFault({ comparison: 'below', threshold: 1, clearThreshold: 2 })).toBeNull();
});

test('a raised alert is cleared once by what no longer applies, and a clear one stays clear', () => {
  const rule = { measure: 'delivery', comparison: 'below', threshold: 0.5, clearThreshold: 0.8 } as const;
  expect(alertChange(rule, true, 'not_applicable')).toBe('CLEARED');
  expect(alertChange(rule, false, 'not_applicable')).toBeNull();
  expect(alertChange(rule, true, null)).toBeNull();
});

test('sending is tried again for about a day, and then no more', () => {
  let total = 0;
  let attempts = 1;
  for (let wait = retryAfterMs(attempts); wait !== null; wait = retryAfterMs(++attempts)) total += wait;
  expect(total).toBeGreaterThan(12 * 3_600_000);
  expect(total).toBeLessThan(36 * 3_600_000);
});
