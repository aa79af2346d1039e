import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contenders } from './contenders.ts';
import { fieldOf } from './field.ts';
import { compareVectors, objectiveVector, totalsOf } from './objective.ts';
import { solvePod as solvePlainly } from './plain-solver.ts';
import { isUsable, type PodCandidate, type PodRules } from './pod.ts';
import { solvePod } from './solver.ts';
import { ad, inCategory, minuteRules } from './test-ads.ts';
import { anyLongRules, bestOfCrowd, crowdedCandidates, longRules } from './test-crowd.ts';
import { isPod } from './test-is-pod.ts';
import { someCandidates, someRules, upToTwelve } from './test-pods.ts';

/** All but the number of steps. */
function answerOf({ nodes, ...answer }: ReturnType<typeof solvePod>) {
  const backups = answer.backups.map(({ creativeId }) => creativeId);
  return {
    ...answer,
    backups,
    ads: answer.ads.map(({ candidate, startSeconds }) => [candidate.creativeId, startSeconds]),
  };
}

function vectorOf({ ads }: ReturnType<typeof solvePod>, { objective }: PodRules) {
  return objectiveVector(objective, totalsOf(ads.map(({ candidate }) => candidate)));
}

test('the answer is the plain solver’s: its ads, their order, value, bound and conflicts', () => {
  fc.assert(
    fc.property(upToTwelve, someRules, (candidates, rules) => {
      expect(answerOf(solvePod(candidates, rules))).toEqual(answerOf(solvePlainly(candidates, rules)));
    }),
    { numRuns: 1_500 },
  );
});

test('what is remembered of creatives from one pod to the next changes no answer', () => {
  fc.assert(
    fc.property(someCandidates(1, 12), fc.array(someRules, { minLength: 2, maxLength: 3 }), (given, podsOfRules) => {
      const candidates = given.map((candidate) => ({ ...candidate, memo: { places: null } }));
      const others = given.map((candidate) => ({ ...candidate, advertiserId: `${candidate.advertiserId} again` }));
      for (const rules of podsOfRules) {
        expect(answerOf(solvePod(candidates, rules))).toEqual(answerOf(solvePlainly(given, rules)));
        solvePod(others, rules);
      }
    }),
    { numRuns: 300 },
  );
});

test('nor does what has been forgotten in between, because there were too many lists of categories', () => {
  const cars = { memo: { places: null }, ...inCategory('cars') };
  const vans = { memo: { places: null }, ...inCategory('vans', 'cars') };
  const candidates = [ad('a', 30, 9, cars), ad('b', 30, 8, vans), ad('c', 30, 7, inCategory('food'))];
  const before = answerOf(solvePod(candidates, minuteRules));
  expect(before.ads.map(([id]) => id)).toEqual(['a', 'c']);
  const many = Array.from({ length: 2_100 }, (_, n) => ad(`m${n}`, 30, 5, inCategory(`list ${n}`)));
  solvePod(many, { ...minuteRules, maxAds: 1 });
  // Whoever comes first now has the places that others had.
  solvePod([ad('x', 30, 9, inCategory('food')), ad('y', 30, 8, inCategory('toys'))], minuteRules);
  expect(answerOf(solvePod(candidates, minuteRules))).toEqual(before);
  expect(answerOf(solvePod(candidates.toReversed(), minuteRules))).toEqual(before);
});

test('whom the cut leaves out would not have been in the pod', () => {
  let cut = 0;
  fc.assert(
    fc.property(someCandidates(8, 30), someRules, (given, drawn) => {
      const rules = { ...drawn, maxAds: Math.min(3, drawn.maxAds), backupAds: 0 };
      const candidates = given.filter((ad) => isUsable(ad, rules));
      const left = contenders(fieldOf(candidates, rules), rules, 0).map(({ candidate }) => candidate);
      cut += candidates.length - left.length;
      const { conflicts, ...all } = answerOf(solvePlainly(candidates, rules));
      const { conflicts: fewer, ...some } = answerOf(solvePlainly(left, rules));
      expect(some).toEqual(all);
      expect(fewer).toBeLessThanOrEqual(conflicts);
    }),
    { numRuns: 500 },
  );
  expect(cut).toBeGreaterThan(1_500);
});

test('campaigns with a cap are cut too, and what is left has room for what their caps keep out', () => {
  const rules = { ...minuteRules, allowDuplicateAdvertisers: true, maxAds: 2 };
  const one = (n: number, campaign: string) =>
    ad(`c${n}`, 30, 1_000 - n, { campaignId: campaign, mediaUrls: [`m${n}`], podMax: 1, ...inCategory('cars') });
  const many = Array.from({ length: 100 }, (_, n) => one(n, `campaign ${n % 50}`));
  expect(contenders(fieldOf(many, rules), rules).length).toBeLessThan(10);
  // Beside the short one, the first has its film and the second its campaign.
  const of = (campaignId: string, file: string) => ({ campaignId, mediaUrls: [file], podMax: 1 });
  const others = [ad('y', 30, 100, of('b', 'film')), ad('z', 30, 99, of('a', 'g')), ad('x', 30, 10, of('c', 'h'))];
  const given = [ad('short', 15, 200, of('a', 'film')), ...others];
  const left = contenders(fieldOf(given, rules), rules, 0).map(({ candidate }) => candidate);
  const answers = [left, given].map((some) => answerOf(solvePlainly(some, { ...rules, durationSeconds: 45 })).ads);
  expect(answers).toEqual([
    [
      ['short', 0],
      ['x', 15],
    ],
    answers[0],
  ]);
});

test('the answer is the plain solver’s among more candidates than are searched uncut', () => {
  fc.assert(
    fc.property(someCandidates(65, 90), someRules, (candidates, drawn) => {
      const rules = { ...drawn, maxAds: Math.min(2, drawn.maxAds) };
      expect(answerOf(solvePod(candidates, rules))).toEqual(answerOf(solvePlainly(candidates, rules)));
    }),
    { numRuns: 100 },
  );
});

test('sums beyond 2^53 in one number are solved all the same', () => {
  const huge = (candidates: readonly PodCandidate[]) =>
    candidates.map((ad) => ({ ...ad, scoreMicros: ad.scoreMicros * 1_000_000_000_000 }));
  fc.assert(
    fc.property(someCandidates(3, 6), someRules, (drawn, rules) => {
      const candidates = huge(drawn.map((ad) => ({ ...ad, scoreMicros: 1 + (ad.scoreMicros % 50) })));
      expect(answerOf(solvePod(candidates, rules))).toEqual(answerOf(solvePlainly(candidates, rules)));
    }),
    { numRuns: 50 },
  );
});

test('cut short, the bound is still more than any pod is worth', () => {
  let short = 0;
  fc.assert(
    fc.property(someCandidates(6, 12), someRules, fc.nat(30), (candidates, rules, nodeLimit) => {
      const full = solvePlainly(candidates, rules);
      const cut = solvePod(candidates, { ...rules, nodeLimit });
      expect(cut.nodes).toBeLessThanOrEqual(nodeLimit);
      expect(cut.bound).toBeGreaterThanOrEqual(cut.value);
      if (cut.exact) {
        // Of pods of equal worth a search that was cut short may have found another one.
        expect(vectorOf(cut, rules)).toEqual(vectorOf(full, rules));
        expect(cut.value).toBe(cut.bound);
        return;
      }
      short += 1;
      if (full.ads.length > 0) expect(cut.bound).toBeGreaterThanOrEqual(full.value);
      if (full.ads.length === 0 || cut.ads.length === 0) return;
      expect(compareVectors(vectorOf(cut, rules), vectorOf(full, rules))).toBeLessThanOrEqual(0);
    }),
    { numRuns: 400 },
  );
  expect(short).toBeGreaterThan(20);
});

test('many advertisers in few categories: the best of one ad of each category, and proven to be', () => {
  fc.assert(
    fc.property(crowdedCandidates(100), longRules([null]), (candidates, rules) => {
      const { value, bound, exact } = solvePod(candidates, rules);
      const best = bestOfCrowd(candidates, rules) ?? 0;
      expect({ value, bound, exact }).toEqual({ value: best, bound: best, exact: true });
    }),
    { numRuns: 60 },
  );
});

test('competitors seconds apart are as far apart as that, and the pod is worth no less than one without competitors', () => {
  let pairs = 0;
  fc.assert(
    fc.property(crowdedCandidates(100), longRules([15, 30, 60]), (candidates, rules) => {
      const { ads, value } = solvePod(candidates, rules);
      for (const [at, later] of ads.entries()) {
        for (const earlier of ads.slice(0, at)) {
          if (earlier.candidate.categories[0]?.id !== later.candidate.categories[0]?.id) continue;
          pairs += 1;
          const gap = later.startSeconds - earlier.startSeconds - earlier.candidate.durationSeconds;
          expect(gap).toBeGreaterThanOrEqual(rules.minSeparationSeconds ?? 0);
        }
      }
      expect(value).toBeGreaterThanOrEqual(bestOfCrowd(candidates, rules) ?? 0);
    }),
    { numRuns: 60 },
  );
  expect(pairs).toBeGreaterThan(50);
});

test('one very dear ad among thousands changes nothing but itself', () => {
  const cheap = Array.from({ length: 3_000 }, (_, n) => ad(`c${n}`, 15 + 15 * (n % 3), 5_000 + ((n * 7_919) % 9_973)));
  const dear = { ...ad('dear', 30, 50_000_000), advertiserId: 'dear', mediaUrl: 'dear' };
  const { ads, exact, nodes } = solvePod([...cheap, dear], minuteRules);
  expect([ads[0]?.candidate.creativeId, exact]).toEqual(['dear', true]);
  expect(nodes).toBeLessThan(1_000);
});

test('a long pod with many short ads is bounded in coarser steps', () => {
  const rules: PodRules = {
    durationSeconds: 3_600,
    exactDuration: false,
    allowedDurations: null,
    backupAds: 0,
    minAds: 1,
    maxAds: 30,
    objective: 'revenue',
    separation: true,
    minSeparationSeconds: null,
    allowDuplicateAdvertisers: false,
    nodeLimit: 2_000,
  };
  const candidates = Array.from(
    { length: 200 },
    (_, index): PodCandidate => ({
      campaignId: `k${index}`,
      creativeId: `c${index}`,
      advertiserId: `a${index}`,
      mediaUrls: [`m${index}`],
      durationSeconds: 7 + (index % 113),
      categories: [],
      scoreMicros: 1_000 + ((index * 7_919) % 5_003),
      qualityCenti: 500,
      tier: 'standard',
      place: null,
      podMax: null,
    }),
  );
  const { value, bound } = solvePod(candidates, rules);
  expect(value / bound).toBeGreaterThan(0.99);
});

test('a duration that is no whole number of seconds is a broken invariant', () => {
  const ad = { campaignId: 'k', creativeId: 'c', advertiserId: 'a', mediaUrls: ['m'], categories: [], scoreMicros: 1 };
  const free = { exactDuration: false, allowedDurations: null, backupAds: 0 };
  const rules = { ...free, durationSeconds: 30, minAds: 1, maxAds: 1, objective: 'revenue' } as const;
  const more = { separation: true, minSeparationSeconds: null, allowDuplicateAdvertisers: false, nodeLimit: 9 };
  for (const durationSeconds of [0, -1, 1.5]) {
    const candidates = [
      { ...ad, durationSeconds, qualityCenti: 500, tier: 'standard' as const, place: null, podMax: null },
    ];
    expect(() => solvePod(candidates, { ...rules, ...more })).toThrow(RangeError);
  }
});

test('who shares a film far down the order keeps the other out', () => {
  const dear = Array.from({ length: 32 }, (_, n) => ad(`d${n}`, 30, 1_000 - n, { advertiserId: 'a' }));
  const film = { mediaUrls: ['film'] };
  const { ads } = solvePod([...dear, ad('y', 30, 2, film), ad('z', 30, 1, film)], {
    ...minuteRules,
    durationSeconds: 90,
  });
  expect(ads.map(({ candidate }) => candidate.creativeId)).toEqual(['d0', 'y']);
});

test('a long pod of many candidates keeps every rule', () => {
  let placed = 0;
  fc.assert(
    fc.property(someCandidates(100, 100, 80), anyLongRules, (candidates, rules) => {
      const ads = solvePod(candidates, rules).ads.map(({ candidate }) => candidate);
      placed += ads.length;
      return ads.length === 0 || isPod(ads, rules);
    }),
    { numRuns: 60 },
  );
  expect(placed).toBeGreaterThan(120);
});
