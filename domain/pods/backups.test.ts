import { expect, test } from 'vitest';
import { backupsOf } from './backups.ts';
import type { PodCandidate, PodRules } from './pod.ts';
import { ad, inCategory } from './test-ads.ts';

const rules: PodRules = {
  objective: 'revenue',
  durationSeconds: 60,
  exactDuration: false,
  allowedDurations: null,
  minAds: 1,
  maxAds: 4,
  backupAds: 2,
  separation: true,
  minSeparationSeconds: null,
  allowDuplicateAdvertisers: false,
  nodeLimit: 1_000,
};

/** The ids of the spares of a pod of half a minute and a quarter. */
function spares(candidates: readonly PodCandidate[], given: Partial<PodRules> = {}): readonly string[] {
  const pod = [ad('long', 30, 9, inCategory('cars')), ad('short', 15, 8)];
  const ads = pod.map((candidate, at) => ({ candidate, position: at + 1, startSeconds: at * 30 }));
  return backupsOf(ads, candidates, { ...rules, ...given }).map(({ creativeId }) => creativeId);
}

test('a spare is no longer than the shortest slot, though another would hold it', () => {
  expect(spares([ad('a', 20, 7), ad('b', 15, 6), ad('c', 30, 5), ad('d', 6, 4)])).toEqual(['b', 'd']);
});

test('a spare competes with nobody of the pod, and not with another spare', () => {
  const vans = ad('a', 15, 7, inCategory('vans', 'cars'));
  expect(spares([vans, ad('b', 15, 6, inCategory('food')), ad('c', 15, 5, inCategory('food')), ad('d', 6, 4)])).toEqual(
    ['b', 'd'],
  );
  expect(spares([vans], { minSeparationSeconds: 15 })).toEqual([]);
});

test('a spare keeps the cap of its campaign beside the ads of the pod', () => {
  const capped = (id: string, campaignId: string, podMax: number) => ad(id, 15, 7, { campaignId, podMax });
  const given = [capped('one more', 'k-short', 1), capped('within', 'k-long', 2), capped('never', 'k-other', 0)];
  expect(spares(given, { allowDuplicateAdvertisers: true, backupAds: 3 })).toEqual(['within']);
});

test('there are no more spares than are asked for, and none without a pod', () => {
  const all = ['a', 'b', 'c'].map((id) => ad(id, 10, 5));
  expect(spares(all)).toHaveLength(2);
  expect(spares(all, { backupAds: 0 })).toEqual([]);
  expect(backupsOf([], all, rules)).toEqual([]);
});
