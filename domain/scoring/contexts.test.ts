import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContextRecord } from '../../schemas/records.ts';
import { addContexts, CELLS_MAX, type ContextCount, contextHalfLifeMinutes, emptyContexts } from './context-counts.ts';
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

const view: Omit<ContextCount, 'campaign'> = {
  ...{ advertiser: 'a', dimension: 'position', value: '1' },
  ...{ impressions: 1, starts: 0, completes: 0, clicks: 0 },
};

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
  const { starts_milli = 0, completes_milli = 0 } = later?.campaigns[0]?.cells[0] ?? {};
  expect([Math.abs(starts_milli - 500_000), Math.abs(completes_milli - 200_000)].every((off) => off < 20)).toBe(true);
  let left: ContextRecord | null = record;
  for (let at = 1_060; left !== null && left.campaigns.length > 0; at += 60) {
    expect(at).toBeLessThan(100 * contextHalfLifeMinutes);
    left = addContexts(left, [], at);
  }
});

test('what is left depends on the moments and not on how often one looked: a click is not rounded away', () => {
  const record = counted([{ ...view, campaign: 'k', impressions: 1_000, starts: 1_000, completes: 900, clicks: 1 }]);
  const atOnce = addContexts(record, [], 2_000);
  let byMinutes: ContextRecord | null = record;
  for (let at = 1_001; at <= 2_000; at++) byMinutes = byMinutes && addContexts(byMinutes, [], at);
  expect(byMinutes).toEqual(atOnce);
  expect(atOnce?.campaigns[0]?.cells[0]?.clicks_milli).toBeGreaterThan(800);
});

test('so many cells are kept, also where all are equal, and one that is seen more comes in', () => {
  const campaigns = Array.from({ length: CELLS_MAX + 500 }, (_, n) => `c${String(n).padStart(6, '0')}`);
  const minute = campaigns.map((campaign) => ({ ...view, campaign, impressions: 100 }));
  const size = (record: ContextRecord | null) => record?.campaigns.reduce((sum, { cells }) => sum + cells.length, 0);
  let record = addContexts(emptyContexts, minute, 1_000);
  expect(size(record)).toBe(CELLS_MAX);
  for (const at of [1_020, 1_040, 1_060, 1_080]) {
    record = record && addContexts(record, [{ ...view, campaign: 'new', impressions: 40 }], at);
  }
  expect(size(record)).toBe(CELLS_MAX);
  expect(record?.campaigns.at(-1)?.campaign).toBe('new');
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
