import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PodCandidate, PodRules } from './pod.ts';
import { solvePod } from './solver.ts';
import { crowdedCandidates, longRules } from './test-crowd.ts';

const ofCategory = (n: number, category: number, durationSeconds: number, scoreMicros: number): PodCandidate => ({
  campaignId: `k${n}`,
  creativeId: `c${n}`,
  advertiserId: `a${n}`,
  mediaUrls: [`m${n}`],
  durationSeconds,
  categories: [{ id: `k${category}`, name: `k${category}`, ancestors: [] }],
  scoreMicros,
  qualityCenti: 500,
  tier: 'standard',
  place: null,
  podMax: null,
});

const exactly = (durationSeconds: number, minSeparationSeconds: number | null): PodRules => ({
  durationSeconds,
  exactDuration: true,
  allowedDurations: null,
  minAds: 1,
  maxAds: 30,
  objective: 'revenue',
  separation: true,
  minSeparationSeconds,
  allowDuplicateAdvertisers: false,
  backupAds: 0,
  nodeLimit: 20_000,
});

test.each([
  [120, 500],
  [240, 500],
  [240, 1_000],
])('%i s are filled by the one shape that fills them, among %i candidates', (seconds, count) => {
  const categories = seconds / 60;
  const lengths = [6, 10, 15, 20, 30, 60];
  const candidates = Array.from({ length: count }, (_, n) =>
    ofCategory(n, (n * 31) % categories, lengths[(n * 7 + Math.floor(n / 6)) % 6] ?? 6, 3_000 + ((n * 7_919) % 5_003)),
  );
  const { ads, filledSeconds } = solvePod(candidates, exactly(seconds, null));
  expect([filledSeconds, ads.map(({ candidate }) => candidate.durationSeconds)]).toEqual([
    seconds,
    Array.from({ length: categories }, () => 60),
  ]);
});

test('seconds that four categories in turn can fill are filled', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(180, 240, 300, 600),
      crowdedCandidates(120),
      longRules([60]),
      (seconds, crowd, rules) => {
        // Four in turn, each 20 s: 60 s lie between any two of one category.
        const turn = Array.from({ length: seconds / 20 }, (_, at) => ofCategory(1_000 + at, at % 4, 20, 1));
        const given = crowd.filter(({ categories: [category] }) =>
          ['k0', 'k1', 'k2', 'k3'].includes(category?.id ?? ''),
        );
        const { filledSeconds, ads } = solvePod([...given, ...turn], {
          ...exactly(seconds, 60),
          objective: rules.objective,
        });
        expect([filledSeconds, ads.length > 0]).toEqual([seconds, true]);
      },
    ),
    { numRuns: 60, seed: 11 },
  );
});

test('and by as many ads as are asked for', () => {
  // Four categories in turn, each 20 s, beside ads that leave room for fewer.
  const turn = Array.from({ length: 6 }, (_, at) => ofCategory(1_000 + at, at % 4, 20, 1));
  const others = Array.from({ length: 100 }, (_, n) =>
    ofCategory(n, n % 4, [25, 35, 50, 60, 70][n % 5] ?? 25, 1_000 + ((n * 7_919) % 997)),
  );
  const { ads } = solvePod([...others, ...turn], { ...exactly(120, 60), minAds: 6, maxAds: 6 });
  expect(ads.map(({ candidate }) => candidate.durationSeconds)).toEqual([20, 20, 20, 20, 20, 20]);
});
