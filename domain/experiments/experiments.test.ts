import { expect, test } from 'vitest';
import { compare, type Moments, sampleRatioP } from './comparison.ts';
import { decided, experimentMeasures, guarded } from './verdict.ts';

function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const nobody = { viewers: 0, numerator: 0, denominator: 0, numeratorSquares: 0, denominatorSquares: 0, products: 0 };

/** A viewer with one to five views, finished with a rate of the viewer's own around the arm's. */
function add(to: Moments, rate: number, unit: () => number): Moments {
  const views = 1 + Math.floor(unit() * 5);
  const own = Math.min(1, Math.max(0, rate + 0.3 * (unit() - 0.5)));
  let done = 0;
  for (let view = 0; view < views; view++) if (unit() < own) done++;
  return {
    viewers: to.viewers + 1,
    numerator: to.numerator + done,
    denominator: to.denominator + views,
    numeratorSquares: to.numeratorSquares + done * done,
    denominatorSquares: to.denominatorSquares + views * views,
    products: to.products + done * views,
  };
}

/** Whether the interval ever missed the truth, over looks after each 100 viewers. */
function run(seed: number, difference: number, viewers: number) {
  const unit = draws(seed);
  let [control, treated]: Moments[] = [nobody, nobody];
  let missed = false;
  let found = false;
  for (let viewer = 1; viewer <= viewers; viewer++) {
    if (unit() < 0.5) control = add(control as Moments, 0.6, unit);
    else treated = add(treated as Moments, 0.6 + difference, unit);
    if (viewer % 100 !== 0) continue;
    const seen = compare(control as Moments, treated as Moments);
    if (seen === null) continue;
    missed ||= seen.low > difference || seen.high < difference;
    found ||= seen.low > 0;
  }
  return { missed, found };
}

test('with no difference one who looks sixty times is misled at most one time in twenty', () => {
  const runs = Array.from({ length: 300 }, (_, seed) => run(seed + 1, 0, 6_000));
  expect(runs.filter(({ missed }) => missed).length / runs.length).toBeLessThan(0.05);
});

test('a true difference stays inside at every look, and is found', () => {
  const runs = Array.from({ length: 100 }, (_, seed) => run(seed + 1_000, 0.1, 6_000));
  expect(runs.filter(({ missed }) => missed).length / runs.length).toBeLessThan(0.05);
  expect(runs.filter(({ found }) => found).length / runs.length).toBeGreaterThan(0.95);
});

test('a fixed-size interval that is looked at as often misleads far more: the property is not for free', () => {
  let misled = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const unit = draws(seed);
    let [control, treated]: Moments[] = [nobody, nobody];
    let wrong = false;
    for (let viewer = 1; viewer <= 6_000; viewer++) {
      if (unit() < 0.5) control = add(control as Moments, 0.6, unit);
      else treated = add(treated as Moments, 0.6, unit);
      if (viewer % 100 !== 0) continue;
      const seen = compare(control as Moments, treated as Moments);
      // The width of the sequence, brought down to 1.96 standard errors.
      if (seen !== null)
        wrong ||= Math.abs(seen.difference) > 1.96 * standardError(control as Moments, treated as Moments);
    }
    if (wrong) misled++;
  }
  expect(misled).toBeGreaterThan(15);
});

function standardError(a: Moments, b: Moments): number {
  const of = (one: Moments) => {
    const value = one.numerator / one.denominator;
    const squares = one.numeratorSquares - 2 * value * one.products + value * value * one.denominatorSquares;
    return squares / one.denominator ** 2;
  };
  return Math.sqrt(of(a) + of(b));
}

test('fair draws pass the ratio check at every look, and a leak of viewers does not', () => {
  let alarmed = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const unit = draws(seed);
    const arms = [
      { weight: 90, viewers: 0 },
      { weight: 10, viewers: 0 },
    ];
    let least = 1;
    for (let viewer = 1; viewer <= 4_000; viewer++) {
      (arms[unit() < 0.9 ? 0 : 1] as { viewers: number }).viewers++;
      if (viewer % 50 === 0) least = Math.min(least, sampleRatioP(arms) ?? 1);
    }
    if (least < 0.05) alarmed++;
  }
  expect(alarmed / 300).toBeLessThan(0.05);
  expect(
    sampleRatioP([
      { weight: 1, viewers: 5_300 },
      { weight: 1, viewers: 4_700 },
    ]),
  ).toBeLessThan(0.001);
  expect(sampleRatioP([{ weight: 1, viewers: 10 }])).toBeNull();
  expect(
    sampleRatioP([
      { weight: 1, viewers: 10 },
      { weight: 1, viewers: 10 },
      { weight: 0, viewers: 1 },
    ]),
  ).toBe(0);
});

test('arms in which all viewers are alike so far rule nothing out yet', () => {
  const alike = (viewers: number, each: number): Moments => ({
    viewers,
    numerator: viewers * each,
    denominator: viewers,
    numeratorSquares: viewers * each * each,
    denominatorSquares: viewers,
    products: viewers * each,
  });
  const [fill, errors] = [experimentMeasures[1], experimentMeasures[5]];
  for (const [measure, each] of [
    [errors, 0],
    [fill, 1],
  ] as const) {
    const seen = compare(alike(100, each), alike(100, each));
    if (seen === null) throw new Error('a hundred viewers are enough');
    expect(seen.low).toBeLessThan(-0.02);
    expect(seen.high).toBeGreaterThan(0.02);
    expect(guarded(measure, seen)).toBe('open');
  }
  const many = compare(alike(20_000, 1), alike(20_000, 1));
  expect(many === null ? null : guarded(fill, many)).toBe('holds');
});

test('a verdict goes by the way that is good, and a guard rail by its margin', () => {
  const of = (low: number, high: number) => ({ control: 1, treated: 1, difference: 0, low, high, lift: 0 });
  const [fill, errors] = [experimentMeasures[1], experimentMeasures[5]];
  expect(decided(fill, of(0.1, 0.2))).toBe('better');
  expect(decided(errors, of(0.1, 0.2))).toBe('worse');
  expect(decided(fill, of(-0.1, 0.2))).toBe('open');
  expect(guarded(fill, of(-0.2, -0.1))).toBe('broken');
  expect(guarded(fill, of(-0.01, 0.1))).toBe('holds');
  expect(guarded(errors, of(-0.1, 0.1))).toBe('open');
});
