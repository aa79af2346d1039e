import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContextRecord } from '../../schemas/records.ts';
import { addContexts, type ContextCount, contextHalfLifeMinutes, emptyContexts } from './context-counts.ts';
import { contextTable, factorsAt, learnContexts, type Moment } from './contexts.ts';

const moment: Moment = { deviceType: 'roku', contentCategory: null, hour: 3, position: null };

/** Views of one campaign on one device at position 1. */
function views(campaign: string, device: string, starts: number, completes: number, advertiser = 'a'): ContextCount[] {
  const count = { campaign, advertiser, impressions: starts, starts, completes, clicks: 0 };
  return [
    { ...count, dimension: 'device_type', value: device },
    { ...count, dimension: 'position', value: '1' },
  ];
}

/** One count for each campaign, dimension and value, as the warehouse gives them. */
function merged(counts: readonly ContextCount[]): ContextCount[] {
  const sums = new Map<string, ContextCount>();
  for (const one of counts) {
    const key = [one.campaign, one.dimension, one.value].join();
    const before = sums.get(key);
    sums.set(key, {
      ...one,
      impressions: one.impressions + (before?.impressions ?? 0),
      starts: one.starts + (before?.starts ?? 0),
      completes: one.completes + (before?.completes ?? 0),
    });
  }
  return [...sums.values()];
}

const counted = (...counts: ContextCount[][]) =>
  addContexts(emptyContexts, merged(counts.flat()), 1_000) ?? emptyContexts;

const completionOf = (
  record: ContextRecord,
  campaign: string,
  category: (campaign: string) => string | null = () => null,
) => {
  const table = contextTable(learnContexts(record.campaigns, category).of(campaign, category(campaign)));
  return (at: Partial<Moment>) => (table === null ? 1 : factorsAt(table, { ...moment, ...at }).completion);
};

test('a device on which fewer watch to the end lowers the rate there, and only there', () => {
  const record = counted(views('k', 'roku', 10_000, 9_000), views('k', 'phone', 10_000, 5_000));
  const at = completionOf(record, 'k');
  expect(at({ deviceType: 'roku' })).toBeCloseTo(9 / 7, 1);
  expect(at({ deviceType: 'phone' })).toBeCloseTo(5 / 7, 1);
  expect(at({ deviceType: 'console' })).toBe(1);
});

test('a good campaign on one device does not make the device look good', () => {
  const record = counted(views('good', 'roku', 10_000, 9_500, 'a'), views('bad', 'phone', 10_000, 3_000, 'b'));
  for (const campaign of ['good', 'bad', 'new']) {
    const at = completionOf(record, campaign);
    expect(at({ deviceType: 'roku' })).toBeCloseTo(1, 1);
    expect(at({ deviceType: 'phone' })).toBeCloseTo(1, 1);
  }
});

test('a campaign of which little is known in a context has its advertiser’s factor, a new one its category’s', () => {
  const rest = [views('n', 'roku', 20_000, 16_000, 'z'), views('n', 'phone', 20_000, 16_000, 'z')];
  const cars = [views('k1', 'roku', 20_000, 18_000), views('k1', 'phone', 20_000, 9_000)];
  const little = [views('k2', 'roku', 10, 8), views('k2', 'phone', 10, 8)];
  const record = counted(...rest, ...cars, ...little);
  const category = (campaign: string) => (campaign === 'n' || campaign === 'k4' ? 'drinks' : 'cars');
  expect(completionOf(record, 'k2', category)({ deviceType: 'phone' })).toBeLessThan(0.8);
  expect(completionOf(record, 'k3', category)({ deviceType: 'phone' })).toBeLessThan(0.8);
  expect(completionOf(record, 'n', category)({ deviceType: 'phone' })).toBeGreaterThan(0.9);
  expect(completionOf(record, 'k4', category)({ deviceType: 'phone' })).toBeGreaterThan(0.9);
});

test('factors of several dimensions are multiplied, and bounded', () => {
  const table = contextTable([
    { dimension: 'device_type', value: 'roku', ctr_ppm: 3_000_000, completion_ppm: 500_000 },
    { dimension: 'hour', value: '3', ctr_ppm: 3_000_000, completion_ppm: 800_000 },
    { dimension: 'position', value: '2', ctr_ppm: 1_000_000, completion_ppm: 900_000 },
    { dimension: 'weather', value: 'rain', ctr_ppm: 1, completion_ppm: 1 },
  ]);
  if (table === null) throw new Error('no table');
  expect(factorsAt(table, moment)).toEqual({ ctr: 4, completion: 0.4 });
  expect(factorsAt(table, { ...moment, position: 2 }).completion).toBeCloseTo(0.36);
  expect(factorsAt(table, { ...moment, deviceType: null, hour: 4 })).toEqual({ ctr: 1, completion: 1 });
  expect(contextTable([])).toBeNull();
});

test('what was counted decays by half in a half-life, to the end, and minutes are counted once', () => {
  const record = counted(views('k', 'roku', 1_000, 400));
  expect(addContexts(record, views('k', 'roku', 5, 5), 1_000)).toBeNull();
  const later = addContexts(record, [], 1_000 + contextHalfLifeMinutes);
  expect(later?.campaigns[0]?.cells[0]).toMatchObject({ starts_milli: 500_000, completes_milli: 200_000 });
  let left: ContextRecord | null = record;
  for (let at = 1_060; left !== null && left.campaigns.length > 0; at += 60) {
    expect(at).toBeLessThan(100 * contextHalfLifeMinutes);
    left = addContexts(left, [], at);
  }
});

test('equal counts make equal records, in whatever order they come', () => {
  const count = fc.record({
    campaign: fc.constantFrom('k1', 'k2', 'k3'),
    advertiser: fc.constant('a'),
    dimension: fc.constantFrom('device_type', 'hour'),
    value: fc.constantFrom('1', '2', '3'),
    impressions: fc.integer({ min: 1, max: 9 }),
    starts: fc.nat(9),
    completes: fc.nat(9),
    clicks: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(count), (counts) => {
      expect(addContexts(emptyContexts, counts.toReversed(), 60)).toEqual(addContexts(emptyContexts, counts, 60));
    }),
  );
});
