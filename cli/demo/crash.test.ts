import { expect, test } from 'vitest';
import { systemClock } from '../../engines/clock.ts';
import { seededRandom } from '../../engines/random.ts';
import { planKills } from './crash.ts';

test('three kills hit the API once and workers twice, in mid-traffic, the same for a seed', () => {
  const plan = planKills(3, 20_000, seededRandom(systemClock(), 4));
  expect(plan.map(({ role }) => role).sort()).toEqual(['decision-api', 'workers', 'workers']);
  for (const { afterMs } of plan) {
    expect(afterMs).toBeGreaterThanOrEqual(5_000);
    expect(afterMs).toBeLessThanOrEqual(17_200);
  }
  expect(planKills(3, 20_000, seededRandom(systemClock(), 4))).toEqual(plan);
  expect(planKills(3, 20_000, seededRandom(systemClock(), 5))).not.toEqual(plan);
});
