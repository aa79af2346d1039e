import fc from 'fast-check';
import type { PodCandidate, PodRules } from './pod.ts';
import { someRules } from './test-pods.ts';

/** Candidates of as many advertisers, every one of a category, and few categories: what keeps ads out is mostly competition. */
export function crowdedCandidates(count: number): fc.Arbitrary<PodCandidate[]> {
  return fc.tuple(fc.integer({ min: 3, max: 12 }), fc.boolean()).chain(([categories, byLength]) =>
    fc
      .array(
        fc.record({
          durationSeconds: fc.constantFrom(15, 15, 20, 30, 30, 30, 45, 60),
          price: fc.integer({ min: 300, max: 1_200 }),
          qualityCenti: fc.integer({ min: 300, max: 900 }),
          category: fc.nat(categories - 1),
        }),
        { minLength: count, maxLength: count, size: 'max' },
      )
      .map((drawn) =>
        drawn.map(({ price, category, ...one }, index): PodCandidate => {
          const id = `k${category}`;
          return {
            ...one,
            scoreMicros: price * (byLength ? one.durationSeconds : 25),
            creativeId: `c${index}`,
            campaignId: `k${index}`,
            advertiserId: `a${index}`,
            mediaUrls: [`m${index}`],
            categories: [{ id, name: id, ancestors: [] }],
            tier: 'standard',
            place: null,
            podMax: null,
          };
        }),
      ),
  );
}

/** Pods from a short break to ten minutes; competitors in one pod never, or `gap` seconds apart. */
export function longRules(gap: readonly (number | null)[]): fc.Arbitrary<PodRules> {
  return fc.record({
    durationSeconds: fc.constantFrom(60, 120, 180, 300, 600),
    exactDuration: fc.constantFrom(false, false, true),
    allowedDurations: fc.constant(null),
    minAds: fc.constant(1),
    maxAds: fc.constantFrom(4, 6, 8, 15, 30),
    objective: fc.constantFrom('revenue' as const, 'fill_rate' as const, 'user_experience' as const),
    separation: fc.constant(true),
    minSeparationSeconds: fc.constantFrom(...gap),
    allowDuplicateAdvertisers: fc.constant(false),
    backupAds: fc.constant(0),
    nodeLimit: fc.constant(20_000),
  });
}

/** Any rules, of pods as long and of as many ads as those. */
export const anyLongRules: fc.Arbitrary<PodRules> = fc
  .tuple(someRules, longRules([null]))
  .map(([rules, { durationSeconds, maxAds, nodeLimit }]) => ({ ...rules, durationSeconds, maxAds, nodeLimit }));

/** [ads][seconds]: the first number of what they are worth at most. */
type Known = Map<number, Map<number, number>>;

/**
 * The first number of the best pod's worth, category by category: none of its ads, or one. For candidates of one category and one
 * advertiser each, where competitors never share a pod. Null: there is no pod.
 */
export function bestOfCrowd(candidates: readonly PodCandidate[], rules: PodRules): number | null {
  let known: Known = new Map([[0, new Map([[0, 0]])]]);
  const categories = Map.groupBy(candidates, ({ categories: [only] }) => only?.id ?? '');
  for (const ads of categories.values()) {
    const longer: Known = new Map([...known].map(([count, bySeconds]) => [count, new Map(bySeconds)]));
    for (const [count, bySeconds] of known) {
      if (count === rules.maxAds) continue;
      for (const [seconds, first] of bySeconds) {
        for (const ad of ads) {
          const total = seconds + ad.durationSeconds;
          if (total > rules.durationSeconds) continue;
          offer(longer, count + 1, total, first + worthOf(ad, rules));
        }
      }
    }
    known = longer;
  }
  let best: number | null = null;
  for (const [count, bySeconds] of known) {
    for (const [seconds, first] of bySeconds) {
      if (count < rules.minAds || (rules.exactDuration && seconds !== rules.durationSeconds)) continue;
      const tired = rules.objective === 'user_experience' ? (1_500 * count * (count - 1)) / 2 : 0;
      if (best === null || first - tired > best) best = first - tired;
    }
  }
  return best;
}

function worthOf(ad: PodCandidate, { objective }: PodRules): number {
  if (objective === 'revenue') return ad.scoreMicros;
  return objective === 'fill_rate' ? ad.durationSeconds : ad.durationSeconds * ad.qualityCenti;
}

function offer(known: Known, count: number, seconds: number, worth: number): void {
  const bySeconds = known.get(count) ?? new Map<number, number>();
  known.set(count, bySeconds);
  const held = bySeconds.get(seconds);
  if (held === undefined || worth > held) bySeconds.set(seconds, worth);
}
