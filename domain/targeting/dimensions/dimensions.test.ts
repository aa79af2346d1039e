import { expect, test } from 'vitest';
import type { DimensionName } from '../../campaign.ts';
import { normaliseContext, type RawContext } from '../context.ts';
import { dimensions } from '../dimensions.ts';
import { valueFault } from '../write-value.ts';

/** Monday 2 March 2026, 14:30 UTC: 09:30 in New York. */
const at = Date.parse('2026-03-02T14:30:00Z');

function ask(name: DimensionName, values: readonly unknown[], raw: RawContext): string {
  const dimension = dimensions.find((one) => one.name === name);
  if (dimension === undefined) throw new Error(name);
  const read = values.map((value) => {
    const parsed = dimension.parse(value);
    if ('problem' in parsed) throw new Error(parsed.problem);
    return parsed.value;
  });
  return dimension.matches(read, normaliseContext(raw, at), 'America/New_York');
}

test.each<[DimensionName, unknown[], RawContext, string]>([
  ['geo_countries', ['us'], { geo: { country: 'US' } }, 'yes'],
  ['geo_countries', ['UK'], { geo: { country: 'gb' } }, 'yes'],
  ['geo_countries', ['GB'], { geo: { country: ' uk ' } }, 'yes'],
  ['geo_countries', ['USA'], { geo: { country: 'us' } }, 'yes'],
  ['geo_countries', ['GB'], { geo: { country: 'gbr' } }, 'yes'],
  ['geo_regions', ['US-CA'], { geo: { country: 'USA', region: 'CA' } }, 'yes'],
  ['geo_countries', ['US'], { geo: { country: 'XXX' } }, 'unknown'],
  ['geo_countries', ['US'], { geo: { region: 'US-CA' } }, 'yes'],
  ['geo_countries', ['US'], { geo: { country: 'Narnia' } }, 'unknown'],
  ['geo_countries', ['US'], { geo: { country: 'FR' } }, 'no'],
  ['geo_regions', ['US-CA'], { geo: { country: 'US', region: 'CA' } }, 'yes'],
  ['geo_regions', ['us-ca'], { geo: { region: 'US-CA' } }, 'yes'],
  ['geo_regions', ['US-CA'], { geo: { region: 'CA' } }, 'unknown'],
  ['geo_regions', ['GB-ENG'], { geo: { country: 'UK', region: 'eng' } }, 'yes'],
  ['geo_cities', ['Los Angeles'], { geo: { city: 'LOS  ANGELES' } }, 'yes'],
  ['geo_cities', ['São Paulo'], { geo: { city: 'Sao Paulo' } }, 'yes'],
  ['geo_cities', ['US-MO/St. Louis'], { geo: { city: 'St Louis' } }, 'yes'],
  ['geo_cities', ["Coeur d'Alene"], { geo: { city: 'Coeur d’Alene' } }, 'yes'],
  ['geo_cities', ['Winston Salem'], { geo: { city: 'Winston-Salem' } }, 'yes'],
  ['geo_cities', ['1'], { geo: { city: '-1' } }, 'unknown'],
  ['geo_cities', ['Los Angeles'], { geo: {} }, 'unknown'],
  ['geo_dma_codes', ['803'], { geo: { dma: 803 } }, 'yes'],
  ['geo_dma_codes', [803], { geo: { dma: '803' } }, 'yes'],
  ['geo_dma_codes', ['803'], { geo: { dma: '501' } }, 'no'],
  ['device_types', ['smart_tv'], { device: { type: 'Smart TV' } }, 'yes'],
  ['device_types', ['fire_tv'], { device: { type: 'FireTV' } }, 'yes'],
  ['device_types', ['roku'], { device: { type: 'constructor' } }, 'no'],
  ['device_types', ['roku'], { device: null }, 'unknown'],
  ['os_types', ['tizen'], { device: { os: 'Samsung Tizen' } }, 'yes'],
  ['os_types', ['android_tv'], { device: { os: 'Android-TV' } }, 'yes'],
  ['device_brands', ['Samsung'], { device: { os: 'Samsung Tizen' } }, 'yes'],
  ['device_brands', ['lg'], { device: { brand: 'LG Electronics' } }, 'yes'],
  ['content_categories', ['Sports'], { content: { category: 'sports' } }, 'yes'],
  ['content_categories', [483], { content: { category: '483' } }, 'yes'],
  ['content_genres', ['action'], { content: { genre: 'Comedy' } }, 'no'],
  ['content_genres', ['horror'], { content: { genre: 'Drama, Horror' } }, 'yes'],
  ['content_genres', ['Science Fiction'], { content: { genre: 'Drama;science-fiction | ,' } }, 'yes'],
  ['content_genres', ['comedy'], { content: { genre: 'Drama, Horror' } }, 'no'],
  ['content_genres', ['Drama, Horror'], { content: { genre: 'Drama, Horror' } }, 'yes'],
  ['content_genres', ['drama'], { content: { genre: ', ;' } }, 'unknown'],
  ['content_ratings', ['PG-13'], { content: { rating: 'pg 13' } }, 'yes'],
  ['content_ratings', ['PG'], { content: { rating: 'PG-13' } }, 'no'],
  ['age_ranges', [{ min: 18, max: 34 }], { user: { age: 18 } }, 'yes'],
  ['age_ranges', [{ min: 18, max: 34 }], { user: { age: 34 } }, 'yes'],
  ['age_ranges', [{ min: 18, max: 34 }, { min: 55 }], { user: { age: 35 } }, 'no'],
  ['age_ranges', [{ max: 34 }], { user: { age: 0 } }, 'yes'],
  ['age_ranges', [{ min: 55 }], { user: { age: 120 } }, 'yes'],
  ['age_ranges', [{ min: 18 }], { user: {} }, 'unknown'],
  ['age_ranges', ['18-34'], { user: { age: 34 } }, 'yes'],
  ['age_ranges', ['18 to 34', '35–44'], { user: { age: 45 } }, 'no'],
  ['age_ranges', ['55+'], { user: { age: 55 } }, 'yes'],
  ['age_ranges', ['under 18'], { user: { age: 18 } }, 'no'],
  ['age_ranges', ['<18'], { user: { age: 17 } }, 'yes'],
  [
    'age_ranges',
    [
      { min: 18, max: 34 },
      { min: 25, max: 54 },
    ],
    { user: { age: 30 } },
    'yes',
  ],
  ['household_income', ['100,000+'], { user: { household_income: 99_999 } }, 'no'],
  ['household_income', ['50000-99999'], { user: { household_income: 99_999 } }, 'yes'],
  ['gender', ['male'], { user: { gender: 'M' } }, 'yes'],
  ['gender', ['male'], { user: { gender: 'female' } }, 'no'],
  ['gender', ['male'], { user: { gender: 'unknown' } }, 'unknown'],
  ['gender', ['all'], { user: {} }, 'yes'],
  ['household_income', [{ min: 50_000, max: 100_000 }], { user: { household_income: 100_000 } }, 'yes'],
  ['household_income', [{ min: 50_000 }], { user: { household_income: 49_999 } }, 'no'],
  ['time_zones', ['US/Eastern'], { user: { time_zone: 'America/New_York' } }, 'yes'],
  ['time_zones', ['America/New_York'], { user: { time_zone: 'America/Chicago' } }, 'no'],
  ['time_zones', ['America/New_York'], { user: { time_zone: 'Mars/Olympus' } }, 'unknown'],
  ['day_parts', [{ start: '09:00', end: '10:00' }], {}, 'yes'],
  ['day_parts', [{ start: '09:30', end: '09:31' }], {}, 'yes'],
  ['day_parts', [{ start: '09:00', end: '09:30' }], {}, 'no'],
  ['day_parts', [{ start: '14:00', end: '15:00' }], { user: { time_zone: 'UTC' } }, 'yes'],
  ['day_parts', [{ start: '22:00', end: '10:00' }], {}, 'yes'],
  ['day_parts', [{ start: '00:00', end: '24:00' }], {}, 'yes'],
  ['days_of_week', [1], {}, 'yes'],
  ['days_of_week', [2], {}, 'no'],
  ['days_of_week', [2], { user: { time_zone: 'Pacific/Auckland' } }, 'yes'],
])('%s %j for %j is %s', (name, values, raw, answer) => {
  expect(ask(name, values, raw)).toBe(answer);
});

test.each<[DimensionName, unknown]>([
  ['geo_countries', 'USB'],
  ['geo_countries', 7],
  ['geo_regions', 'CA'],
  ['geo_cities', ''],
  ['geo_cities', 'California/Los Angeles'],
  ['geo_dma_codes', '80'],
  ['device_types', ''],
  ['os_types', null],
  ['device_brands', {}],
  ['content_categories', '  '],
  ['content_genres', true],
  ['content_ratings', []],
  ['age_ranges', {}],
  ['age_ranges', { min: 40, max: 20 }],
  ['age_ranges', '34-18'],
  ['age_ranges', 'under 0'],
  ['age_ranges', '18-'],
  ['age_ranges', '121+'],
  ['age_ranges', { min: -1 }],
  ['age_ranges', { max: 121 }],
  ['gender', 'other'],
  ['household_income', { min: '50000' }],
  ['time_zones', 'Mars/Olympus'],
  ['day_parts', { start: '24:00', end: '02:00' }],
  ['day_parts', { start: '06:00', end: '06:00' }],
  ['day_parts', { start: '6:00', end: '12:00' }],
  ['day_parts', { start: '06:00', end: '24:01' }],
  ['days_of_week', 0],
  ['days_of_week', '1'],
])('%s refuses %j and says what it expects', (name, value) => {
  const parsed = dimensions.find((one) => one.name === name)?.parse(value);
  expect(parsed).toHaveProperty('problem', expect.stringMatching(/.{8,}/));
});

test.each<[DimensionName, unknown]>([
  ['geo_countries', 'XX'],
  ['geo_countries', 'ZZ'],
  ['geo_regions', 'XX-1'],
  ['geo_regions', 'US-ZZ'],
  ['geo_cities', 'ZZ-1/Atlantis'],
  ['geo_cities', 'a\u0007'],
  ['geo_cities', 'x'.repeat(500)],
  ['content_genres', 'a\u0085b'],
  ['content_genres', 'Drama, Horror'],
  ['age_ranges', { min: 18, max: 34, foo: 1 }],
  ['household_income', { min: 18, step: 2 }],
  ['day_parts', { start: '06:00', end: '12:00', zone: 'UTC' }],
])('%s reads %j where it was written before, and takes it no more', (name, value) => {
  const dimension = dimensions.find((one) => one.name === name);
  expect(dimension?.parse(value)).toHaveProperty('value');
  expect(dimension && valueFault(dimension, value)).toMatch(/.{8,}/);
});

test.each<[DimensionName, unknown]>([
  ['geo_countries', 'uk'],
  ['geo_countries', 'XK'],
  ['geo_regions', 'uk-eng'],
  ['geo_regions', 'US-DC'],
  ['geo_cities', 'GB-ENG/London'],
  ['content_categories', 483],
  ['age_ranges', { min: 18 }],
])('%s takes %j', (name, value) => {
  const dimension = dimensions.find((one) => one.name === name);
  expect(dimension && valueFault(dimension, value)).toBe(null);
});

test('there are sixteen dimensions, each with its own name, a description and an example that it accepts', () => {
  expect(new Set(dimensions.map(({ name }) => name)).size).toBe(16);
  for (const dimension of dimensions) {
    expect(dimension.doc.length).toBeGreaterThan(10);
    expect(valueFault(dimension, dimension.example)).toBe(null);
  }
});

test('a request whose fields are of no sensible type is a moment of which nothing is known', () => {
  const raw = {
    geo: { country: 5, region: {}, city: [], dma: true },
    device: { type: 'unknown', os: null, brand: '' },
    content: { category: ' ' },
    user: { age: 'ten', gender: 3.5, household_income: -4, time_zone: {} },
  };
  const {
    at: when,
    more,
    otherCategories,
    contentCategories,
    contentDoubts,
    gender,
    ...rest
  } = normaliseContext(raw, at);
  expect([when, more, otherCategories, contentCategories, contentDoubts]).toEqual([at, {}, [], [], []]);
  expect(Object.values(rest)).toEqual(Object.values(rest).map(() => null));
});
