import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remainingOf, upperBound } from './bound.ts';
import { compareVectors, emptyTotals, fatigueStep, objectiveVector, totalsOf } from './objective.ts';
import { solvePod } from './plain-solver.ts';
import type { PodCandidate, PodRules, PodSolution } from './pod.ts';

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

function ad(id: string, durationSeconds: number, scoreMicros: number, more: Partial<PodCandidate> = {}): PodCandidate {
  return {
    campaignId: `k-${id}`,
    creativeId: id,
    advertiserId: `a-${id}`,
    mediaUrl: `m-${id}`,
    durationSeconds,
    categories: [],
    scoreMicros,
    qualityCenti: 500,
    tier: 'standard',
    place: null,
    podMax: null,
    ...more,
  };
}

const inCategory = (id: string, ...ancestors: string[]) => ({ categories: [{ id, name: id, ancestors }] });
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
  ['media file', { mediaUrl: 'same' }, false],
  ['creative', { creativeId: 'same' }, false],
] as const)('no %s twice; allowed where the rules say so: %s', (_, same, mayBeAllowed) => {
  const candidates = [ad('a', 30, 100, same), ad('b', 30, 90, same)];
  expect(ids(candidates)).toHaveLength(1);
  expect(ids(candidates, { allowDuplicateAdvertisers: true })).toHaveLength(mayBeAllowed ? 2 : 1);
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

/** Everything below is the oracle: every order of every set, judged by rules written a second time. */
function everySequence(candidates: readonly PodCandidate[], most: number): (readonly PodCandidate[])[] {
  if (most === 0) return [[]];
  return [
    [],
    ...candidates.flatMap((first) =>
      everySequence(
        candidates.filter((other) => other !== first),
        most - 1,
      ).map((rest) => [first, ...rest]),
    ),
  ];
}

function isPod(ads: readonly PodCandidate[], { minAds, maxAds, ...given }: PodRules): boolean {
  const seconds = ads.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  if (ads.length < minAds || ads.length > maxAds || seconds > given.durationSeconds) return false;
  if (given.exactDuration && seconds !== given.durationSeconds) return false;
  if (ads.some((one) => given.allowedDurations?.includes(one.durationSeconds) === false)) return false;
  if (ads.some(({ place }, at) => (place === 'first' && at > 0) || (place === 'last' && at < ads.length - 1)))
    return false;
  const ofCampaign = (id: string) => ads.filter(({ campaignId }) => campaignId === id).length;
  if (ads.some(({ campaignId, podMax }) => podMax !== null && ofCampaign(campaignId) > podMax)) return false;
  const repeats = (field: 'creativeId' | 'mediaUrl' | 'advertiserId' | 'campaignId') =>
    new Set(ads.map((one) => one[field])).size < ads.length;
  if (repeats('creativeId') || repeats('mediaUrl')) return false;
  if (!given.allowDuplicateAdvertisers && (repeats('advertiserId') || repeats('campaignId'))) return false;
  return !given.separation || keepsCompetitorsApart(ads, given.minSeparationSeconds);
}

function keepsCompetitorsApart(ads: readonly PodCandidate[], gapSeconds: number | null): boolean {
  for (let late = 0; late < ads.length; late++) {
    for (let early = 0; early < late; early++) {
      const between = ads.slice(early + 1, late).reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
      const compete = ads[early]?.categories.some((one) =>
        ads[late]?.categories.some(
          (other) => one.id === other.id || one.ancestors.includes(other.id) || other.ancestors.includes(one.id),
        ),
      );
      if (compete && (gapSeconds === null || between < gapSeconds)) return false;
    }
  }
  return true;
}

/** Whether it could stand anywhere among the others, for any of the pod's ads too. */
function couldBackUp(
  one: PodCandidate,
  pod: readonly PodCandidate[],
  others: readonly PodCandidate[],
  given: PodRules,
) {
  if (one.place !== null || pod.some(({ durationSeconds }) => durationSeconds < one.durationSeconds)) return false;
  const free = {
    ...given,
    exactDuration: false,
    minAds: 0,
    maxAds: 99,
    durationSeconds: 9_999,
    minSeparationSeconds: null,
  };
  return (
    others.every((other) =>
      isPod(
        [
          { ...other, place: null, podMax: null },
          { ...one, podMax: null },
        ],
        free,
      ),
    ) &&
    isPod(
      [...others, one].map((each) => ({ ...each, place: null })),
      { ...free, separation: false },
    )
  );
}

function expectBackups({ ads, backups }: PodSolution, candidates: readonly PodCandidate[], given: PodRules): void {
  const pod = ads.map(({ candidate }) => candidate);
  expect(backups.length).toBeLessThanOrEqual(given.backupAds);
  backups.forEach((backup, at) => {
    expect(couldBackUp(backup, pod, [...pod, ...backups.slice(0, at)], given)).toBe(true);
  });
  if (pod.length === 0 || backups.length === given.backupAds) return;
  const all = [...pod, ...backups];
  expect(candidates.filter((one) => !all.includes(one) && couldBackUp(one, pod, all, given))).toEqual([]);
}

/** The first number of the objective over what is paid for, from the definition. */
function worth(ads: readonly PodCandidate[], objective: PodRules['objective']): number {
  const paid = ads.filter(({ tier }) => tier !== 'house');
  if (objective === 'revenue') return paid.reduce((sum, one) => sum + one.scoreMicros, 0);
  if (objective === 'fill_rate') return paid.reduce((sum, one) => sum + one.durationSeconds, 0);
  return paid.reduce((sum, one, before) => sum + one.durationSeconds * one.qualityCenti - fatigueStep * before, 0);
}

const categories = fc.constantFrom(
  {},
  {},
  inCategory('cars'),
  inCategory('electric', 'cars'),
  inCategory('vans', 'cars'),
  inCategory('food'),
);

const someCandidates = (most: number) =>
  fc
    .array(
      fc.record({
        seconds: fc.constantFrom(6, 10, 15, 20, 30, 45, 60),
        score: fc.integer({ min: 1, max: 40 }),
        quality: fc.integer({ min: 0, max: 1_000 }),
        category: categories,
        advertiser: fc.integer({ min: 0, max: 9 }),
        media: fc.integer({ min: 0, max: 15 }),
        tier: fc.constantFrom('standard' as const, 'standard' as const, 'guaranteed' as const, 'house' as const),
        place: fc.constantFrom(null, null, null, 'first' as const, 'last' as const),
        podMax: fc.constantFrom(null, null, 0, 1, 2),
      }),
      { minLength: Math.min(4, most), maxLength: most, size: 'max' },
    )
    .map((drawn) =>
      drawn.map(({ seconds, score, quality, category, advertiser, media, ...wishes }, index) =>
        ad(`c${index}`, seconds, score, {
          ...category,
          advertiserId: `a${advertiser}`,
          campaignId: `k${advertiser}-${index % 2}`,
          mediaUrl: `m${media}`,
          qualityCenti: quality,
          ...wishes,
        }),
      ),
    );

const someRules = fc.record({
  durationSeconds: fc.constantFrom(15, 30, 60, 90, 120, 180),
  exactDuration: fc.constantFrom(false, false, true),
  allowedDurations: fc.constantFrom(null, null, [15, 30], [30, 60]),
  backupAds: fc.constantFrom(0, 2),
  minAds: fc.constantFrom(0, 1, 1, 2, 3),
  maxAds: fc.integer({ min: 1, max: 4 }),
  objective: fc.constantFrom('revenue' as const, 'fill_rate' as const, 'user_experience' as const),
  separation: fc.boolean(),
  minSeparationSeconds: fc.constantFrom(null, 0, 10, 30, 60),
  allowDuplicateAdvertisers: fc.boolean(),
  nodeLimit: fc.constant(1_000_000),
});

test('the pod is as good as the best of all sequences, keeps every rule, and repeats', () => {
  fc.assert(
    fc.property(someCandidates(8), someRules, (candidates, drawn) => {
      const solution = solvePod(candidates, drawn);
      const pods = everySequence(candidates, drawn.maxAds).filter((ads) => isPod(ads, drawn));
      const vectors = pods.map((ads) => objectiveVector(drawn.objective, totalsOf(ads)));
      const ads = solution.ads.map(({ candidate }) => candidate);
      expect(solution.exact).toBe(true);
      expect(solution.bound).toBe(solution.value);
      if (pods.length === 0) {
        expect(solution).toMatchObject({ ads: [], value: 0 });
        return;
      }
      expect(isPod(ads, drawn)).toBe(true);
      expect(solution.value).toBe(worth(ads, drawn.objective));
      const own = objectiveVector(drawn.objective, totalsOf(ads));
      expect(vectors.filter((vector) => compareVectors(vector, own) > 0)).toEqual([]);
      expect(solvePod(candidates.toReversed(), drawn).ads).toEqual(solution.ads);
      let startSeconds = 0;
      for (const placed of solution.ads) {
        expect(placed.startSeconds).toBe(startSeconds);
        startSeconds += placed.candidate.durationSeconds;
      }
      expect(solution.filledSeconds).toBe(startSeconds);
      expectBackups(solution, candidates, drawn);
    }),
    { numRuns: 150 },
  );
});

test('no pod exceeds the bound, at the root or when the search is cut short', () => {
  fc.assert(
    fc.property(someCandidates(8), someRules, fc.integer({ min: 0, max: 40 }), (candidates, drawn, nodeLimit) => {
      const full = solvePod(candidates, drawn);
      const remaining = remainingOf(candidates, drawn.maxAds);
      const root = upperBound(drawn.objective, emptyTotals, remaining, 0, drawn.maxAds, drawn.durationSeconds);
      const found = objectiveVector(drawn.objective, totalsOf(full.ads.map(({ candidate }) => candidate)));
      found.forEach((part, index) => {
        expect(root[index]).toBeGreaterThanOrEqual(part);
      });
      const cut = solvePod(candidates, { ...drawn, nodeLimit });
      expect(cut.nodes).toBeLessThanOrEqual(nodeLimit);
      expect(cut.bound).toBeGreaterThanOrEqual(cut.value);
      if (!cut.exact) expect(cut.bound).toBeGreaterThanOrEqual(full.value);
      if (cut.ads.length > 0) {
        expect(
          isPod(
            cut.ads.map(({ candidate }) => candidate),
            drawn,
          ),
        ).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
