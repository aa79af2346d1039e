import { expect, test } from 'vitest';
import { fatigueStep } from './objective.ts';
import { solvePod } from './plain-solver.ts';
import type { PodCandidate, PodRules } from './pod.ts';
import { solvePod as solveFast } from './solver.ts';
import { ad, inCategory } from './test-ads.ts';

const rules: PodRules = {
  durationSeconds: 90,
  exactDuration: false,
  allowedDurations: null,
  backupAds: 0,
  minAds: 1,
  maxAds: 4,
  objective: 'revenue',
  separation: true,
  minSeparationSeconds: null,
  allowDuplicateAdvertisers: false,
  nodeLimit: 100_000,
};

const ids = (candidates: readonly PodCandidate[], changed: Partial<PodRules> = {}) =>
  solvePod(candidates, { ...rules, ...changed }).ads.map(({ candidate }) => candidate.creativeId);

test('revenue takes the best sum, not the best single ad', () => {
  expect(ids([ad('long', 90, 100), ad('x', 45, 60), ad('y', 45, 55)])).toEqual(['x', 'y']);
});

test('a tie in revenue goes to the fuller pod, then to the lower creative id', () => {
  expect(ids([ad('a', 30, 100), ad('b', 60, 100)], { maxAds: 1 })).toEqual(['b']);
  expect(ids([ad('d', 30, 100), ad('c', 30, 100)], { maxAds: 1 })).toEqual(['c']);
});

test('fill_rate takes the fullest pod, ties by score', () => {
  const candidates = [ad('rich', 60, 900), ad('x', 45, 10), ad('y', 45, 12), ad('z', 45, 11)];
  expect(ids(candidates, { objective: 'fill_rate' })).toEqual(['y', 'z']);
});

test('user_experience stops adding ads where fatigue outweighs them', () => {
  const short = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => ad(id, 15, 100));
  const open = { maxAds: 30, durationSeconds: 600 };
  expect(ids(short, { ...open, objective: 'revenue' })).toHaveLength(7);
  const { ads, value } = solvePod(short, { ...rules, ...open, objective: 'user_experience' });
  // The sixth is worth nothing to the viewer and something to the seller: the tie goes to the score.
  expect(ads).toHaveLength(6);
  expect(value).toBe(6 * 15 * 500 - fatigueStep * 15);
});

test('competitors are never in one pod; siblings may be', () => {
  const parent = ad('a', 30, 100, inCategory('cars'));
  const child = ad('b', 30, 90, inCategory('electric', 'cars'));
  const sibling = ad('c', 30, 80, inCategory('vans', 'cars'));
  expect(ids([parent, child, sibling])).toEqual(['b', 'c']);
  expect(ids([parent, child, sibling], { separation: false })).toEqual(['a', 'b', 'c']);
  expect(solvePod([parent, child, sibling], rules).conflicts).toBe(2);
});

test('competitors may stand in one pod when enough time lies between', () => {
  const candidates = [ad('a', 30, 100, inCategory('cars')), ad('b', 30, 90, inCategory('cars')), ad('c', 30, 10)];
  expect(ids(candidates, { minSeparationSeconds: 30 })).toEqual(['a', 'c', 'b']);
  expect(ids(candidates, { minSeparationSeconds: 31 })).toEqual(['a', 'c']);
  expect(
    solvePod(candidates, { ...rules, minSeparationSeconds: 30 }).ads.map(({ startSeconds }) => startSeconds),
  ).toEqual([0, 30, 60]);
});

test('an ad too few between competitors is too few, to the second', () => {
  const candidates = [
    ad('a', 30, 100, inCategory('cars')),
    ad('x', 30, 90),
    ad('b', 30, 80, inCategory('cars')),
    ad('y', 30, 70),
  ];
  const open = { durationSeconds: 120, maxAds: 4 };
  expect(ids(candidates, { ...open, minSeparationSeconds: 30 })).toEqual(['a', 'x', 'b', 'y']);
  expect(ids(candidates, { ...open, minSeparationSeconds: 31 })).toEqual(['a', 'x', 'y', 'b']);
});

test('to the viewer a house ad comes after all others', () => {
  const paid = [ad('a', 15, 100), ad('b', 15, 90)];
  const house = (qualityCenti: number) => ad('h', 15, 1, { tier: 'house', qualityCenti });
  const even = (2 * fatigueStep) / 15;
  expect(ids([...paid, house(even - 1)], { objective: 'user_experience' })).toEqual(['a', 'b']);
  expect(ids([...paid, house(even)], { objective: 'user_experience' })).toEqual(['a', 'b', 'h']);
});

test.each([
  ['advertiser', { advertiserId: 'same' }, true],
  ['campaign', { campaignId: 'same' }, true],
  ['media file', { mediaUrls: ['same'] }, false],
  ['creative', { creativeId: 'same' }, false],
] as const)('no %s twice; allowed where the rules say so: %s', (_, same, mayBeAllowed) => {
  const candidates = [ad('a', 30, 100, same), ad('b', 30, 90, same)];
  expect(ids(candidates)).toHaveLength(1);
  expect(ids(candidates, { allowDuplicateAdvertisers: true })).toHaveLength(mayBeAllowed ? 2 : 1);
});

test('no film twice: one of many files is enough, and who shares it with two does not make them one', () => {
  const film = (id: string, ...mediaUrls: string[]) => ad(id, 30, 100, { mediaUrls });
  for (const allowDuplicateAdvertisers of [false, true]) {
    for (const [served, ...films] of [
      [['a'], film('a', '4k', 'hd'), film('b', 'hd')],
      [['a', 'b'], film('a', '4k', 'hd'), film('b', 'sd')],
      [['b', 'c'], film('b', 'hd'), film('c', '4k'), film('x', '4k', 'hd')],
    ] as const) {
      expect(ids(films, { allowDuplicateAdvertisers })).toEqual(served);
      const { ads } = solveFast(films, { ...rules, allowDuplicateAdvertisers });
      expect(ads.map(({ candidate }) => candidate.creativeId)).toEqual(served);
    }
  }
});

test('a standard ad beats any number of house ads, which fill what is left', () => {
  const house = ['x', 'y', 'z'].map((id) => ad(id, 30, 1_000_000, { tier: 'house', qualityCenti: 1_000 }));
  for (const objective of ['revenue', 'fill_rate', 'user_experience'] as const) {
    expect(ids([...house, ad('paid', 60, 1)], { objective })).toEqual(['paid', 'x']);
  }
});

test('a pod of fewer than min_ads is no pod', () => {
  const few = [ad('a', 30, 100), ad('b', 80, 90)];
  expect(solvePod(few, { ...rules, minAds: 2 })).toMatchObject({ ads: [], filledSeconds: 0, value: 0, exact: true });
  expect(ids([...few, ad('h', 10, 1, { tier: 'house' })], { minAds: 2 })).toEqual(['a', 'h']);
});

test('at the node limit the answer is the best so far, and says so', () => {
  const many = Array.from({ length: 25 }, (_, index) => ad(`c${index}`, 10 + index, 100 + index));
  const limited = solvePod(many, { ...rules, nodeLimit: 20 });
  const full = solvePod(many, rules);
  expect(limited).toMatchObject({ exact: false, nodes: 20 });
  expect(limited.bound).toBeGreaterThanOrEqual(full.value);
  expect(limited.value).toBeLessThanOrEqual(full.value);
  expect(full).toMatchObject({ exact: true, bound: full.value });
  expect(solvePod(many, { ...rules, nodeLimit: 0 })).toMatchObject({ ads: [], exact: false });
});

test('a duration that is no whole number of seconds is a broken invariant', () => {
  expect(() => solvePod([ad('a', 0, 1)], rules)).toThrow(RangeError);
  expect(() => solvePod([ad('a', 1.5, 1)], rules)).toThrow(RangeError);
});
