import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ScoreRecord } from '../../schemas/records.ts';
import { micros } from '../money.ts';
import { applyBeacons, type CountedBeacon, decayCounts, defaultHalfLifeMs, emptyScoreRecord } from './counts.ts';
import { posteriors, priorRates } from './rates.ts';
import { defaultFlatValueMicros, flatValue, score } from './score.ts';

const at = Date.parse('2026-03-02T10:00:00Z');
const beacon = (event: string, creative = 'c1', campaign = 'k1', advertiser = 'a1') => ({
  event,
  creative,
  campaign,
  advertiser,
});

const applyBeacon = (record: ScoreRecord, one: CountedBeacon, appendedAt: number) =>
  applyBeacons(record, [{ beacon: one, appendedAt }]);

function counted(events: readonly (readonly [string, number])[], creative: string, campaign: string): ScoreRecord {
  let record = emptyScoreRecord;
  for (const [event, times] of events) {
    for (let time = 0; time < times; time++) record = applyBeacon(record, beacon(event, creative, campaign), at);
  }
  return record;
}

test('beacons are counted in thousandths by creative, and other events are not', () => {
  const events = ['impression', 'impression', 'start', 'click', 'mute', 'notUsed'];
  const record = events.reduce((before, event) => applyBeacon(before, beacon(event), at), emptyScoreRecord);
  expect(record.creatives).toMatchObject([{ creative: 'c1', impressions_milli: 2_000, starts_milli: 1_000 }]);
  expect(record.creatives[0]?.clicks_milli).toBe(1_000);
  expect(record.as_of).toBe(at);
});

test('counts halve in a half-life and are gone in the end', () => {
  const record = counted([['impression', 1_000]], 'c1', 'k1');
  const later = decayCounts(record, at + defaultHalfLifeMs);
  expect(later.creatives[0]?.impressions_milli).toBeGreaterThan(499_900);
  expect(later.creatives[0]?.impressions_milli).toBeLessThan(500_100);
  expect(decayCounts(record, at + 30 * defaultHalfLifeMs).creatives).toEqual([]);
});

test('decay depends on the moments, not on how often one looked in between', () => {
  const record = counted(
    [
      ['impression', 200],
      ['start', 90],
    ],
    'c1',
    'k1',
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: defaultHalfLifeMs }), { maxLength: 8 }), (waits) => {
      let stepwise = record;
      let now = at;
      for (const wait of waits) {
        now += wait;
        stepwise = decayCounts(stepwise, now);
      }
      expect(stepwise).toEqual(decayCounts(record, now));
    }),
    { numRuns: 100 },
  );
});

test('an older moment leaves the counts as they are', () => {
  const record = counted([['impression', 3]], 'c1', 'k1');
  expect(decayCounts(record, at - 1)).toBe(record);
});

test('with nothing counted the prior stands', () => {
  expect(posteriors([], at).all).toEqual(priorRates);
});

test('a new creative is believed to be like its campaign, a well-known one like itself', () => {
  const good = counted(
    [
      ['impression', 2_000],
      ['start', 2_000],
      ['complete', 1_990],
      ['click', 100],
    ],
    'c1',
    'k1',
  );
  const fresh = counted(
    [
      ['impression', 1],
      ['start', 1],
    ],
    'c2',
    'k1',
  );
  const bad = counted(
    [
      ['impression', 2_000],
      ['start', 2_000],
      ['complete', 400],
      ['skip', 900],
    ],
    'c3',
    'k2',
  );
  const { creatives, campaigns, all } = posteriors([good, fresh, bad], at);
  expect(creatives.get('c1')?.completionPpm).toBeGreaterThan(980_000);
  expect(creatives.get('c2')?.completionPpm).toBeGreaterThan(920_000);
  expect(creatives.get('c3')?.completionPpm).toBeLessThan(230_000);
  expect(campaigns.get('k1')?.ctrPpm).toBeGreaterThan(40_000);
  expect(all).toMatchObject({ qualityCenti: 500, relevanceCenti: 500 });
  expect(creatives.get('c1')?.qualityCenti).toBeGreaterThan(700);
  expect(creatives.get('c3')?.qualityCenti).toBeLessThan(200);
  expect(creatives.get('c1')?.relevanceCenti).toBeGreaterThan(creatives.get('c3')?.relevanceCenti ?? 1_000);
});

test('a new campaign is believed to be like its advertiser’s others, not like everyone’s', () => {
  const own = counted(
    [
      ['impression', 2_000],
      ['start', 2_000],
      ['complete', 600],
    ],
    'c1',
    'k1',
  );
  const fresh = counted([['impression', 1]], 'c2', 'k2');
  const [others] = counted(
    [
      ['impression', 9_000],
      ['start', 9_000],
      ['complete', 9_000],
    ],
    'c3',
    'k3',
  ).creatives;
  if (others === undefined) throw new Error('nothing counted');
  const elsewhere = { position: 0, as_of: at, creatives: [{ ...others, advertiser: 'a2' }] };
  const { campaigns, all } = posteriors([own, fresh, elsewhere], at);
  expect(all.completionPpm).toBeGreaterThan(850_000);
  expect(campaigns.get('k2')?.completionPpm).toBeLessThan(350_000);
});

test('a new advertiser is believed to be like others of its category, and a rate that was foretold comes true', () => {
  const rows = Array.from({ length: 40 }, (_, index) => ({
    creative: `c${String(index).padStart(2, '0')}`,
    campaign: `k${index}`,
    advertiser: `a${index}`,
    impressions_milli: 1_000_000,
    starts_milli: 1_000_000,
    completes_milli: index % 2 === 0 ? 600_000 : 950_000,
    clicks_milli: 0,
    skips_milli: 0,
    errors_milli: 0,
  }));
  const fresh = {
    ...rows[0],
    creative: 'new',
    campaign: 'k98',
    advertiser: 'a98',
    impressions_milli: 1_000,
    starts_milli: 0,
    completes_milli: 0,
  };
  const record = { position: 0, as_of: at, creatives: [...rows, fresh as (typeof rows)[number]] };
  const categoryOf = (campaign: string) => (Number(campaign.slice(1)) % 2 === 0 ? 'long' : 'short');
  const { campaigns, all } = posteriors([record], at, defaultHalfLifeMs, categoryOf);
  expect(all.completionPpm).toBeGreaterThan(760_000);
  // Half of what is believed of everyone would be wrong by 175,000.
  expect(Math.abs((campaigns.get('k98')?.completionPpm ?? 0) - 600_000)).toBeLessThan(15_000);
  expect(Math.abs((posteriors([record], at).campaigns.get('k98')?.completionPpm ?? 0) - 775_000)).toBeLessThan(15_000);
});

test('the answer does not depend on the order of partitions', () => {
  const one = counted(
    [
      ['impression', 30],
      ['start', 29],
      ['complete', 20],
    ],
    'c1',
    'k1',
  );
  const two = counted(
    [
      ['impression', 10],
      ['start', 9],
      ['complete', 1],
    ],
    'c1',
    'k1',
  );
  const three = counted(
    [
      ['impression', 5],
      ['click', 1],
    ],
    'c2',
    'k2',
  );
  const told = (records: readonly ScoreRecord[]) => {
    const { belief, ...rates } = posteriors(records, at);
    const of = { campaign: 'k1', advertiser: 'a1' };
    return { ...rates, beliefs: ['c1', 'c2', 'new'].flatMap((id) => [belief(id, of, 'ctr'), belief(id, of, 'vtr')]) };
  };
  expect(told([three, two, one])).toEqual(told([one, two, three]));
});

test('rates are whole and within their limits whatever is counted', () => {
  const milli = fc.integer({ min: 0, max: 10 ** 10 });
  const counts = fc.record({
    creative: fc.constantFrom('c1', 'c2', 'c3'),
    campaign: fc.constant('k1'),
    advertiser: fc.constant('a1'),
    impressions_milli: milli,
    starts_milli: milli,
    completes_milli: milli,
    clicks_milli: milli,
    skips_milli: milli,
    errors_milli: milli,
  });
  fc.assert(
    fc.property(fc.array(counts, { maxLength: 6 }), (creatives) => {
      const { creatives: learnt } = posteriors([{ position: 1, as_of: at, creatives }], at);
      for (const rates of learnt.values()) {
        for (const ppm of [rates.ctrPpm, rates.vtrPpm, rates.completionPpm]) {
          expect(Number.isInteger(ppm) && ppm >= 0 && ppm <= 1_000_000).toBe(true);
        }
        for (const centi of [rates.qualityCenti, rates.relevanceCenti]) {
          expect(Number.isInteger(centi) && centi >= 0 && centi <= 1_000).toBe(true);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['cpm', 12_000, 0, 12_000, 12_000, 12_000],
  ['cpm', 12_000, 1_000_000, 12_000, 12_000, 0],
  ['cpm', 12_000, 1_500_000, 12_000, 12_000, -6_000],
  ['cpc', 2_000_000, 250_000, 4_000, 4_000, 3_000],
  ['cpv', 20_000, 0, 17_000, 17_000, 17_000],
  ['flat', 0, 500_000, 5_000, 5_000, 2_500],
] as const)('%s at %i with μ %i', (model, priceMicros, muPpm, valueMicros, expectedPriceMicros, scoreMicros) => {
  const pricing = { model, priceMicros: micros(priceMicros) };
  expect(score(pricing, priorRates, muPpm, 5_000)).toEqual({ valueMicros, expectedPriceMicros, scoreMicros });
});

test('quality moves the value between half and one and a half times the price', () => {
  const pricing = { model: 'cpm', priceMicros: micros(10_000) } as const;
  expect(score(pricing, { ...priorRates, qualityCenti: 0 }, 0, 0).valueMicros).toBe(5_000);
  expect(score(pricing, { ...priorRates, qualityCenti: 1_000 }, 0, 0).valueMicros).toBe(15_000);
});

test('a house ad is worth one micro whatever its price', () => {
  const pricing = { model: 'cpm', priceMicros: micros(10_000) } as const;
  expect(score(pricing, priorRates, 900_000, 0, 'house').scoreMicros).toBe(1);
});

test('a flat campaign shares its budget among the impressions of its goal', () => {
  expect(flatValue({ totalBudgetMicros: micros(1_000_000), goalImpressions: 300 })).toBe(3_333);
  expect(flatValue({ totalBudgetMicros: micros(1_000_000), goalImpressions: null })).toBe(defaultFlatValueMicros);
});

test('what is believed of a creative has its shrunken rate as its mean, and a new one is as its campaign leads to expect', () => {
  const seen = counted(
    [
      ['impression', 40],
      ['start', 40],
      ['complete', 30],
    ],
    'c1',
    'k1',
  );
  const known = posteriors([seen], at);
  const of = { campaign: 'k1', advertiser: 'a1' };
  const mean = ({ successes, failures }: { successes: number; failures: number }) => successes / (successes + failures);
  const old = known.belief('c1', of, 'vtr');
  expect(mean(old)).toBeCloseTo((known.creatives.get('c1')?.vtrPpm ?? 0) / 1_000_000, 5);
  const fresh = known.belief('c2', of, 'vtr');
  expect(mean(fresh)).toBeCloseTo((known.campaigns.get('k1')?.vtrPpm ?? 0) / 1_000_000, 5);
  expect(fresh.successes + fresh.failures).toBeLessThan(old.successes + old.failures);
});
