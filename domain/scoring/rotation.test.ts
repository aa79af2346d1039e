import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logGamma } from '../statistics.ts';
import { applyBeacons, emptyScoreRecord } from './counts.ts';
import { posteriors } from './rates.ts';
import { chancesOf, drawn, drawSeed, mixed } from './rotation.ts';
import { type Belief, bestShares } from './shares.ts';

const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);

/** P(the second rate is higher), exactly, for whole numbers. Evan Miller, Formulas for Bayesian A/B testing (2015). */
function secondIsHigher(one: Belief, two: Belief): number {
  let sum = 0;
  for (let i = 0; i < two.successes; i++) {
    const above = logBeta(one.successes + i, one.failures + two.failures);
    sum += Math.exp(above - logBeta(1 + i, two.failures) - logBeta(one.successes, one.failures)) / (two.failures + i);
  }
  return sum;
}

test('the share of each of two is how likely it is the better one, to a hundredth', () => {
  const whole = fc.integer({ min: 1, max: 3_000 });
  const belief = fc.record({ successes: whole, failures: whole });
  fc.assert(
    fc.property(belief, belief, (one, two) => {
      const wanted = Math.max(0.01, secondIsHigher(one, two));
      expect(Math.abs((bestShares([one, two])[1] ?? 0) / 1_000_000 - wanted)).toBeLessThan(0.0075);
    }),
  );
});

test('shares of several are what as many draws from their beliefs would choose', () => {
  let state = 1;
  const unit = () => {
    state += 1;
    return (mixed(state * 2_654_435_761) + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
  /** Marsaglia and Tsang (2000). */
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * unit() ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(unit()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  // A click rate that nobody has seen, one that was seen a little, and one that is well known.
  for (const beliefs of [
    [
      { successes: 0.4, failures: 199.6 },
      { successes: 3.4, failures: 900 },
      { successes: 40, failures: 19_960 },
    ],
    [
      { successes: 17, failures: 3 },
      { successes: 16, failures: 4 },
      { successes: 700, failures: 150 },
      { successes: 1.7, failures: 0.3 },
    ],
  ]) {
    const wins = beliefs.map(() => 0);
    const draws = 40_000;
    for (let draw = 0; draw < draws; draw++) {
      const rates = beliefs.map(({ successes, failures }) => {
        const [a, b] = [gamma(successes), gamma(failures)];
        return a / (a + b);
      });
      const best = rates.indexOf(Math.max(...rates));
      wins[best] = (wins[best] ?? 0) + 1;
    }
    for (const [at, share] of bestShares(beliefs).entries()) {
      expect(Math.abs(share / 1_000_000 - (wins[at] ?? 0) / draws), `${at} of ${beliefs.length}`).toBeLessThan(0.015);
    }
  }
});

test('nobody is ever silent, however sharp the beliefs are, and equals share alike', () => {
  expect(
    bestShares([
      { successes: 900_000, failures: 100 },
      { successes: 100, failures: 900_000 },
    ]),
  ).toEqual([1_000_000, 10_000]);
  expect(bestShares(Array.from({ length: 4 }, () => ({ successes: 17, failures: 3 })))).toEqual([
    250_000, 250_000, 250_000, 250_000,
  ]);
  expect(bestShares([{ successes: 1, failures: 1 }])).toEqual([1_000_000]);
});

test('draws go by chances, take everybody once, and are the same for the same request', () => {
  const chances = [1, 3, 0, 6];
  const first = chances.map(() => 0);
  const requests = 20_000;
  for (let request = 0; request < requests; request++) {
    const seed = drawSeed(mixed(request), 7, 90);
    const order = drawn(chances, seed, 3);
    expect(new Set(order).size).toBe(3);
    expect(drawn(chances, seed, 3)).toEqual(order);
    expect(order).not.toContain(2);
    first[order[0] ?? 0] = (first[order[0] ?? 0] ?? 0) + 1;
  }
  for (const [at, chance] of chances.entries()) expect((first[at] ?? 0) / requests).toBeCloseTo(chance / 10, 1.7);
});

test('two campaigns, or two lengths of one, do not draw alike', () => {
  const alike = (a: readonly [number, number], b: readonly [number, number]) => {
    const same = Array.from({ length: 4_000 }, (_, request) => {
      const [one] = drawn([1, 1], drawSeed(mixed(request), ...a), 1);
      const [two] = drawn([1, 1], drawSeed(mixed(request), ...b), 1);
      return one === two;
    });
    return same.filter(Boolean).length / same.length;
  };
  expect(alike([11, 90], [12, 90])).toBeCloseTo(0.5, 1);
  expect(alike([11, 90], [11, 45])).toBeCloseTo(0.5, 1);
});

test('weights come before shares; who has neither is tried like the mean of the others', () => {
  const of = (weight: number | null, share: number | null) => ({ id: '', weight, share });
  expect(chancesOf([of(3, 990_000), of(null, 10_000)], true)).toEqual([3, 1]);
  expect(chancesOf([of(null, 600_000), of(null, 200_000), of(null, null)], false)).toEqual([600_000, 200_000, 400_000]);
  expect(chancesOf([of(null, null), of(null, null)], false)).toEqual([1, 1]);
});

test('draws by shares find the better creative and keep trying a new one: less is lost than by taking turns', () => {
  const at = Date.parse('2026-03-02T10:00:00Z');
  const beacon = (event: string, creative: string) => ({ event, creative, campaign: 'k1', advertiser: 'a1' });
  const rates = [0.6, 0.9, 0.75];
  const lostBy = (learns: boolean) => {
    let record = emptyScoreRecord;
    let lost = 0;
    const shown = [0, 0, 0];
    for (let view = 0; view < 1_500; view++) {
      // The third comes later.
      const ids = view < 500 ? [0, 1] : [0, 1, 2];
      const known = posteriors([record], at + view * 1_000);
      const beliefs = ids.map((id) => known.belief(`c${id}`, { campaign: 'k1', advertiser: 'a1' }, 'vtr'));
      const chances = learns ? bestShares(beliefs) : ids.map(() => 1);
      const [pick = 0] = drawn(chances, drawSeed(view, 1, 90), 1);
      shown[pick] = (shown[pick] ?? 0) + 1;
      lost += 0.9 - (rates[pick] ?? 0);
      const watched = mixed(view * 31 + 5) / 2 ** 32 < (rates[pick] ?? 0);
      for (const event of ['impression', 'start', ...(watched ? ['complete'] : [])])
        record = applyBeacons(record, [{ beacon: beacon(event, `c${pick}`), appendedAt: at + view * 1_000 }]);
    }
    return { lost, shown };
  };
  const [learnt, turns] = [lostBy(true), lostBy(false)];
  expect(learnt.lost).toBeLessThan(turns.lost / 3);
  expect(learnt.shown[2]).toBeGreaterThan(5);
});
