import { expect, test } from 'vitest';
import { checkPods, compete } from './check-pods.ts';
import type { AdFact, RequestFact, Run } from './facts.ts';
import { names } from './fault.ts';
import { ad, campaign, cola, creativeOf, rival, shoes } from './sample-parts.ts';
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

test('a backup could stand in place of any ad of its pod', () => {
  const ofBackup = (changes: Partial<AdFact>, value: Partial<RequestFact> = {}) =>
    podsOf(({ ads }) => ({ ...value, ads: ads.slice(0, 1), filled_seconds: 30, backups: [{ ...spare, ...changes }] }));
  const spare = { ...ad(shoes, 0, 0), start_seconds: 0 };
  expect(ofBackup({})).toEqual([]);
  expect(ofBackup({ duration_seconds: 31 })).toEqual(['backup_wrong', 'duration_wrong']);
  expect(ofBackup({ position: 2 })).toEqual(['backup_wrong']);
  const competitor = { campaign: rival, creative: creativeOf(rival), advertiser: campaign(rival).advertiserId };
  // However far apart: nobody knows which ad it will stand for.
  expect(ofBackup(competitor, { min_separation_seconds: 15 })).toEqual(['backup_wrong']);
  expect(ofBackup(competitor, { separation: false })).toEqual([]);
  expect(ofBackup({ campaign: cola, creative: creativeOf(cola), advertiser: campaign(cola).advertiserId })).toEqual([
    'backup_wrong',
  ]);
  expect(podsOf(() => ({ ads: [], filled_seconds: 0, backups: [spare] }))).toEqual(['backup_wrong']);
});

test('a backup keeps the cap of its pod beside the ads', () => {
  const run = withRequest(({ ads }) => ({
    ads: ads.slice(0, 1),
    filled_seconds: 30,
    allow_duplicate_advertisers: true,
    separation: false,
    backups: [{ ...ad(cola, 0, 0), start_seconds: 0, creative: 'another' }],
  }));
  const second = { id: 'another', durationSeconds: 30, status: 'active', media: [] };
  const capped = (max: number) => {
    const of = campaign(cola, { caps: [{ scope: 'pod', creativeId: null, windowSeconds: null, max }] });
    return new Map(run.seed).set(cola, { ...of, creatives: [...of.creatives, second] });
  };
  expect(names(checkPods({ ...run, seed: capped(1) }).faults)).toEqual(['backup_wrong']);
  expect(names(checkPods({ ...run, seed: capped(2) }).faults)).toEqual([]);
});
