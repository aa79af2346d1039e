import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remainingOf, upperBound } from './bound.ts';
import { compareVectors, emptyTotals, objectiveVector, totalsOf } from './objective.ts';
import { solvePod } from './plain-solver.ts';
import type { PodCandidate, PodRules, PodSolution } from './pod.ts';
import { ad, inCategory } from './test-ads.ts';
import { isPod, worth } from './test-is-pod.ts';

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
        media: fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 2 }),
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
          mediaUrls: media.map((file) => `m${file}`),
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
