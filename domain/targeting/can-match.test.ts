import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, TargetingRule } from '../campaign.ts';
import { impossibleRules } from './can-match.ts';
import { normaliseContext } from './context.ts';
import { matchCampaign } from './plain-matcher.ts';

const rule = (...conditions: readonly (readonly [string, 'include' | 'exclude', ...unknown[]])[]): TargetingRule => ({
  id: 'r',
  conditions: conditions.map(([dimension, mode, ...values]) => ({ dimension, mode, values }) as Condition),
});
const found = (one: TargetingRule) => impossibleRules({ targeting: [one] }).flatMap(({ dimensions }) => dimensions);

test.each([
  [rule(['device_types', 'include', 'smart_tv'], ['device_types', 'exclude', 'smart_tv', 'mobile']), ['device_types']],
  [rule(['geo_regions', 'include', 'US-CA'], ['geo_countries', 'exclude', 'US']), ['geo_countries', 'geo_regions']],
  [rule(['age_ranges', 'include', '18-34'], ['age_ranges', 'exclude', { max: 25 }, '26-90']), ['age_ranges']],
  [rule(['gender', 'include', 'male'], ['gender', 'exclude', 'all']), ['gender']],
  [
    rule(
      ['day_parts', 'include', { start: '20:00', end: '23:00' }],
      ['day_parts', 'exclude', { start: '19:00', end: '24:00' }],
    ),
    ['day_parts'],
  ],
  [rule(['days_of_week', 'include', 1, 2], ['days_of_week', 'exclude', 1, 2, 3]), ['days_of_week']],
])('%j can match nobody, and it is said why', (one, names) => {
  expect(found(one)).toEqual(names);
});

test.each([
  [rule(['device_types', 'include', 'smart_tv', 'mobile'], ['device_types', 'exclude', 'smart_tv'])],
  [rule(['geo_countries', 'include', 'US'], ['geo_regions', 'exclude', 'US-CA'])],
  [rule(['age_ranges', 'include', '18-34'], ['age_ranges', 'exclude', { max: 25 }, '27-90'])],
  [rule(['gender', 'include', 'all'], ['gender', 'exclude', 'male'])],
  [
    rule(
      ['day_parts', 'include', { start: '22:00', end: '02:00' }],
      ['day_parts', 'exclude', { start: '20:00', end: '24:00' }],
    ),
  ],
  [rule(['geo_countries', 'exclude', 'US'])],
  [rule()],
])('%j can match somebody', (one) => {
  expect(found(one)).toEqual([]);
});

const countries = fc.constantFrom('US', 'CA', 'GB');
const regions = fc.constantFrom('US-CA', 'US-NY', 'CA-ON');
const hour = fc.integer({ min: 0, max: 23 });
const part = fc
  .tuple(hour, hour)
  .filter(([start, end]) => start !== end)
  .map(([start, end]) => ({
    start: `${String(start).padStart(2, '0')}:00`,
    end: `${String(end).padStart(2, '0')}:00`,
  }));
const mode = fc.constantFrom('include', 'exclude');
const few = <T>(value: fc.Arbitrary<T>) =>
  fc.array(value, { minItems: 1, minLength: 1, maxLength: 3 } as { minLength: 1 });
const condition = fc.oneof(
  fc.tuple(fc.constant('geo_countries'), mode, few(countries)),
  fc.tuple(fc.constant('geo_regions'), mode, few(regions)),
  fc.tuple(fc.constant('device_types'), mode, few(fc.constantFrom('smart_tv', 'mobile'))),
  fc.tuple(fc.constant('gender'), mode, few(fc.constantFrom('male', 'female', 'all'))),
  fc.tuple(fc.constant('age_ranges'), mode, few(fc.constantFrom('10-20', '21-30', '15-25', '31+', { max: 9 }))),
  fc.tuple(fc.constant('day_parts'), mode, few(part)),
  fc.tuple(fc.constant('days_of_week'), mode, few(fc.integer({ min: 1, max: 7 }))),
);
const moment = fc.record(
  {
    country: countries,
    region: regions,
    device: fc.constantFrom('smart_tv', 'mobile'),
    gender: fc.constantFrom('male', 'female'),
    age: fc.integer({ min: 0, max: 60 }),
    minute: fc.integer({ min: 0, max: 7 * 1_440 - 1 }),
  },
  { requiredKeys: ['minute'] },
);

test('whoever is matched by a rule, the rule was not called impossible', () => {
  let matched = 0;
  let impossible = 0;
  fc.assert(
    fc.property(
      fc.array(condition, { maxLength: 6 }),
      fc.array(moment, { minLength: 20, maxLength: 20 }),
      (listed, moments) => {
        const targeting = [rule(...listed.map(([name, how, values]) => [name, how, ...values] as const))];
        const isImpossible = impossibleRules({ targeting }).length > 0;
        if (isImpossible) impossible++;
        for (const { country, region, device, gender, age, minute } of moments) {
          // A place agrees with itself: a region lies in its country.
          const raw = {
            geo: { country: region?.slice(0, 2) ?? country, region },
            device: { type: device },
            user: { gender, age },
          };
          const context = normaliseContext(raw, Date.UTC(2026, 0, 5) + minute * 60_000);
          if (!matchCampaign({ targeting, timeZone: 'UTC' }, context).ok) continue;
          matched++;
          expect(isImpossible).toBe(false);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(matched).toBeGreaterThan(100);
  expect(impossible).toBeGreaterThan(20);
});
