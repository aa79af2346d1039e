import { expect, test } from 'vitest';
import { checkPods, compete } from './check-pods.ts';
import type { AdFact, RequestFact, Run } from './facts.ts';
import { names } from './fault.ts';
import { campaign, cola, creativeOf, rival } from './sample-parts.ts';
import { changed, sampleRun, withLog } from './sample-run.ts';

const withRequest = (change: (value: RequestFact) => Partial<RequestFact>, index = 0): Run => {
  const run = sampleRun();
  const requests = changed(run.log.requests, index, (one) => ({
    ...one,
    value: { ...one.value, ...change(one.value) },
  }));
  return withLog(run, { requests });
};
const podsOf = (change: (value: RequestFact) => Partial<RequestFact>) => names(checkPods(withRequest(change)).faults);
const swapped = (ads: readonly AdFact[], id: string) =>
  changed(ads, 1, (ad) => ({ ...ad, campaign: id, creative: creativeOf(id), advertiser: campaign(id).advertiserId }));

test('equal, above and below compete; siblings and strangers do not', () => {
  const of = (id: string, ...ancestors: string[]) => campaign('1', { categories: [{ id, ancestors }] });
  expect(compete(of('cola', 'soda', 'drinks'), of('cola', 'soda', 'drinks'))).toBe(true);
  expect(compete(of('cola', 'soda', 'drinks'), of('drinks'))).toBe(true);
  expect(compete(of('drinks'), of('cola', 'soda', 'drinks'))).toBe(true);
  expect(compete(of('cola', 'soda'), of('lemonade', 'soda'))).toBe(false);
  expect(compete(of('cola'), campaign('2'))).toBe(false);
});

test('competitors never share a pod when no gap is named, and keep the gap when one is', () => {
  const facts =
    (gap: number | null, start = 30) =>
    (value: RequestFact) => ({
      min_separation_seconds: gap,
      requested_seconds: 600,
      ads: changed(swapped(value.ads, rival), 1, (ad) => ({ ...ad, start_seconds: start })),
    });
  expect(podsOf(facts(null, 330))).toContain('separation_broken');
  expect(podsOf(facts(30, 59))).toContain('separation_broken');
  expect(podsOf(facts(30, 60))).not.toContain('separation_broken');
  expect(podsOf((value) => ({ ...facts(null)(value), separation: false }))).toEqual([]);
});

test('competing pairs among the candidates are the opportunities', () => {
  expect(checkPods(sampleRun())).toMatchObject({ faults: [], violations: 0, opportunities: 1 });
});

test('an advertiser twice is named unless it was allowed, a creative or a media file always', () => {
  const twice = (value: RequestFact) => ({ ads: swapped(value.ads, cola) });
  expect(podsOf(twice)).toEqual(
    expect.arrayContaining(['duplicate_advertiser', 'duplicate_creative', 'duplicate_media']),
  );
  expect(podsOf((value) => ({ ...twice(value), allow_duplicate_advertisers: true, separation: false }))).toEqual([
    'duplicate_creative',
    'duplicate_media',
  ]);
});

test('a pod fits into what was asked for', () => {
  expect(podsOf(() => ({ requested_seconds: 59 }))).toEqual(['pod_overfull']);
  expect(podsOf(() => ({ max_ads: 1 }))).toEqual(['pod_overfull']);
  expect(podsOf(() => ({ min_ads: 3 }))).toEqual(['pod_overfull']);
  expect(podsOf(() => ({ min_ads: 3, ads: [], filled_seconds: 0 }))).toEqual([]);
});

test('positions, starts and seconds join', () => {
  expect(podsOf(() => ({ filled_seconds: 61 }))).toEqual(['pod_disordered']);
  expect(podsOf(({ ads }) => ({ ads: changed(ads, 1, (ad) => ({ ...ad, position: 3 })) }))).toEqual(['pod_disordered']);
  expect(podsOf(({ ads }) => ({ ads: changed(ads, 1, (ad) => ({ ...ad, start_seconds: 31 })) }))).toEqual([
    'pod_disordered',
  ]);
});

test('an ad has the length, advertiser and tier of the seed', () => {
  expect(
    podsOf(({ ads }) => ({ ads: changed(ads, 1, (ad) => ({ ...ad, duration_seconds: 15 })), filled_seconds: 45 })),
  ).toEqual(['duration_wrong']);
  expect(podsOf(({ ads }) => ({ ads: changed(ads, 1, (ad) => ({ ...ad, house: true })) }))).toEqual(['campaign_wrong']);
});
