import fc from 'fast-check';
import type { CampaignCategory } from '../campaign.ts';
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
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  seconds: fc.constantFrom([15, 30], [15, 30, 60], [6, 10, 15, 20, 30, 45, 60], [30]),
  scores: fc.constantFrom(2, 10, 50_000),
  qualities: fc.constantFrom([500], [0, 250, 500, 1_000], [300, 301, 302]),
  categories: fc.constantFrom(1, 5, tree.length),
  advertisers: fc.constantFrom(2, 5, 12),
  sharedMedia: fc.constantFrom(0, 0, 12),
  house: fc.constantFrom(0, 0, 4),
});

/** Candidates that tie, compete and repeat each other often. */
export function someCandidates(least: number, most: number): fc.Arbitrary<PodCandidate[]> {
  return shapes.chain((shape) =>
    fc
      .array(
        fc.record({
          durationSeconds: fc.constantFrom(...shape.seconds),
          scoreMicros: fc.integer({ min: 1, max: shape.scores }),
          qualityCenti: fc.constantFrom(...shape.qualities),
          category: fc.nat(shape.categories - 1),
          advertiser: fc.nat(shape.advertisers - 1),
          media: fc.nat(Math.max(0, shape.sharedMedia - 1)),
          house: shape.house === 0 ? fc.constant(false) : fc.nat(shape.house).map((drawn) => drawn === 0),
        }),
        { minLength: least, maxLength: most, size: 'max' },
      )
      .map((drawn) =>
        drawn.map(({ category, advertiser, media, ...one }, index) => ({
          ...one,
          creativeId: `c${(index * 7) % drawn.length}-${index}`,
          campaignId: `k${advertiser}-${index % 3}`,
          advertiserId: `a${advertiser}`,
          mediaUrl: shape.sharedMedia === 0 ? `m${index}` : `m${media}`,
          categories: tree[category] ?? [],
        })),
      ),
  );
}

export const someRules: fc.Arbitrary<PodRules> = fc.record({
  durationSeconds: fc.constantFrom(15, 30, 60, 90, 120, 180),
  minAds: fc.constantFrom(0, 1, 1, 2, 3),
  maxAds: fc.integer({ min: 1, max: 5 }),
  objective: fc.constantFrom('revenue' as const, 'fill_rate' as const, 'user_experience' as const),
  separation: fc.constantFrom(true, true, false),
  minSeparationSeconds: fc.constantFrom(null, null, 0, 10, 30, 60),
  allowDuplicateAdvertisers: fc.boolean(),
  nodeLimit: fc.constant(3_000_000),
});
