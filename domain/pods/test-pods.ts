import fc from 'fast-check';
import type { CampaignCategory, Tier } from '../campaign.ts';
import type { PodCandidate, PodRules } from './pod.ts';

const tree: readonly (readonly CampaignCategory[])[] = [
  [],
  [{ id: 'cars', name: 'cars', ancestors: [] }],
  [{ id: 'electric', name: 'electric', ancestors: ['cars'] }],
  [{ id: 'vans', name: 'vans', ancestors: ['cars'] }],
  [{ id: 'food', name: 'food', ancestors: [] }],
  [{ id: 'soup', name: 'soup', ancestors: ['food'] }],
  [
    { id: 'soup', name: 'soup', ancestors: ['food'] },
    { id: 'vans', name: 'vans', ancestors: ['cars'] },
  ],
  ...['travel', 'drinks', 'banks', 'games', 'toys', 'health'].map((id) => [{ id, name: id, ancestors: [] }]),
];

interface Shape {
  readonly seconds: readonly number[];
  /** Few scores make many ties. */
  readonly scores: number;
  readonly qualities: readonly number[];
  readonly categories: number;
  readonly advertisers: number;
  /** In one of so many media files of any advertiser; 0: each candidate has its own. */
  readonly sharedMedia: number;
  readonly house: number;
  /** One in so many is guaranteed, wants a place, is capped; 0: none. */
  readonly guaranteed: number;
  readonly placed: number;
  readonly capped: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  seconds: fc.constantFrom([15, 30], [15, 30, 60], [6, 10, 15, 20, 30, 45, 60], [30]),
  scores: fc.constantFrom(2, 10, 50_000),
  qualities: fc.constantFrom([500], [0, 250, 500, 1_000], [300, 301, 302]),
  categories: fc.constantFrom(1, 5, 5, tree.length),
  advertisers: fc.constantFrom(2, 5, 12, 12),
  sharedMedia: fc.constantFrom(0, 0, 12),
  house: fc.constantFrom(0, 0, 4),
  guaranteed: fc.constantFrom(0, 0, 3),
  placed: fc.constantFrom(0, 0, 5),
  capped: fc.constantFrom(0, 0, 2),
});

/** Candidates that tie, compete and repeat each other often; where media files are shared, there are `files` of them. */
export function someCandidates(least: number, most: number, files = 12): fc.Arbitrary<PodCandidate[]> {
  return shapes
    .map((shape) => ({ ...shape, sharedMedia: shape.sharedMedia && files }))
    .chain((shape) =>
      fc
        .array(
          fc.record({
            durationSeconds: fc.constantFrom(...shape.seconds),
            scoreMicros: fc.integer({ min: 1, max: shape.scores }),
            qualityCenti: fc.constantFrom(...shape.qualities),
            category: fc.nat(shape.categories - 1),
            advertiser: fc.nat(shape.advertisers - 1),
            media: fc.array(fc.nat(Math.max(0, shape.sharedMedia - 1)), { minLength: 1, maxLength: 3 }),
            tier: tierOf(shape),
            place: shape.placed === 0 ? fc.constant(null) : oneIn(shape.placed, ['first', 'last'] as const),
            podMax: shape.capped === 0 ? fc.constant(null) : oneIn(shape.capped, [0, 1, 1, 2] as const),
          }),
          { minLength: least, maxLength: most, size: 'max' },
        )
        .map((drawn) =>
          drawn.map(({ category, advertiser, media, ...one }, index) => ({
            ...one,
            creativeId: `c${(index * 7) % drawn.length}-${index}`,
            campaignId: `k${advertiser}-${index % 3}`,
            advertiserId: `a${advertiser}`,
            mediaUrls: shape.sharedMedia === 0 ? [`m${index}`] : filesOf(media),
            categories: tree[category] ?? [],
          })),
        ),
    );
}

/** As many as the plain solver can do, seldom so few that there is hardly a pod. */
export const upToTwelve = fc.oneof(
  { weight: 1, arbitrary: someCandidates(0, 4) },
  { weight: 6, arbitrary: someCandidates(5, 12) },
);

function filesOf(media: readonly number[]): readonly string[] {
  return [...new Set(media.map((file) => `m${file}`))].sort();
}

function tierOf({ guaranteed, house }: Shape): fc.Arbitrary<Tier> {
  return fc.tuple(fc.nat(Math.max(0, guaranteed)), fc.nat(Math.max(0, house))).map(([one, other]) => {
    if (guaranteed > 0 && one === 0) return 'guaranteed';
    return house > 0 && other === 0 ? 'house' : 'standard';
  });
}

function oneIn<T>(many: number, values: readonly T[]): fc.Arbitrary<T | null> {
  return fc.tuple(fc.nat(many), fc.constantFrom(...values)).map(([drawn, value]) => (drawn === 0 ? value : null));
}

export const someRules: fc.Arbitrary<PodRules> = fc
  .record({
    durationSeconds: fc.constantFrom(15, 30, 60, 90, 120, 180, 180, 240),
    exactDuration: fc.constantFrom(false, false, false, false, true),
    allowedDurations: fc.constantFrom(null, null, null, null, null, null, [15, 30], [30, 60]),
    minAds: fc.constantFrom(0, 1, 1, 2, 3),
    maxAds: fc.constantFrom(1, 2, 3, 4, 5, 5),
    objective: fc.constantFrom('revenue' as const, 'fill_rate' as const, 'user_experience' as const),
    separation: fc.constantFrom(true, true, true, false),
    minSeparationSeconds: fc.constantFrom(null, null, 0, 10, 15, 30, 60),
    allowDuplicateAdvertisers: fc.boolean(),
    backupAds: fc.constantFrom(0, 0, 1, 3),
    nodeLimit: fc.constant(3_000_000),
  })
  // More than there may be would be no pod, whoever is there: one case in thirty keeps that.
  .chain((rules) =>
    fc.nat(29).map((kept) => (kept === 0 ? rules : { ...rules, minAds: Math.min(rules.minAds, rules.maxAds) })),
  );
