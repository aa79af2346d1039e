import { expect, test } from 'vitest';
import type { Campaign } from '../campaign.ts';
import { type Bounds, choose } from './choose.ts';
import type { Change, Recommendation, RecommendationKind } from './recommendation.ts';

const bounds: Bounds = {
  kinds: ['narrow_targeting', 'wasted_day_parts', 'weak_creative'],
  maxChanges: 10,
  priceChangePercent: 20,
  extendDays: 14,
  holdOutPercent: 50,
};

const found = (id: string, kind: RecommendationKind, change: Change) => ({
  advice: { kind, campaignId: id, change } as Recommendation,
  campaign: { id } as Campaign,
});

const inactive = (creativeId: string): Change => ({ field: 'creative_status', creativeId, status: 'inactive' });
const rules: Change = { field: 'targeting', rules: [] };

test('of two changes of one part of a campaign the first is made, whether it is held out or not', () => {
  const all = ['treated', 'held out'].flatMap((id) => [
    found(id, 'narrow_targeting', rules),
    found(id, 'weak_creative', inactive('a')),
    found(id, 'weak_creative', inactive('b')),
    found(id, 'wasted_day_parts', rules),
  ]);
  const chosen = choose(all, bounds, (id) => (id === 'treated' ? 0.9 : 0.1));
  expect(chosen.map(({ choice }) => choice)).toEqual([
    ...['apply', 'apply', 'apply', 'out_of_bounds'],
    ...['held_out', 'held_out', 'held_out', 'out_of_bounds'],
  ]);
  expect(chosen[3]?.detail).toMatch(/another recommendation came first/);
});
