import { expect, test } from 'vitest';
import type { Findings } from './recommendation.ts';
import { wastedDayParts } from './targeting.ts';

function findings(onOtherClocks: number): Findings {
  const hours = Array.from({ length: 24 }, (_, hour) => ({
    hour,
    impressions: 1_000,
    trials: 1_000,
    successes: hour === 3 ? 500 : 900,
  }));
  const reach = { sampled: 400, matched: 100, onOtherClocks, without: [] };
  return { campaign: { id: 'a', targeting: [] }, hours, reach } as unknown as Findings;
}

test('hours of the campaign are excluded only where its viewers go by the same clock', () => {
  expect(wastedDayParts(findings(0))).toMatchObject([{ subject: '03:00 to 04:00' }]);
  expect(wastedDayParts(findings(100))).toEqual([]);
});
