import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition, DimensionName, TargetingRule } from '../campaign.ts';
import { normaliseContext, type RawContext } from './context.ts';
import { matchCampaign } from './plain-matcher.ts';

/** Monday 2 March 2026, 14:30 UTC. */
const monday = Date.parse('2026-03-02T14:30:00Z');
const minuteMs = 60_000;

type Listed = Partial<Record<DimensionName, readonly unknown[]>>;

function rule(include: Listed, exclude: Listed = {}): TargetingRule {
  const conditions: Condition[] = [];
  for (const [mode, listed] of [
    ['include', include],
    ['exclude', exclude],
  ] as const) {
    for (const [dimension, values] of Object.entries(listed)) {
      conditions.push({ dimension: dimension as DimensionName, mode, values });
    }
  }
  return { id: 'r', conditions };
}

function match(rules: readonly TargetingRule[], raw: RawContext, at = monday, timeZone = 'UTC') {
  return matchCampaign({ targeting: rules, timeZone }, normaliseContext(raw, at));
}

const losAngeles = { geo: { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' } };
const fresno = { geo: { country: 'US', region: 'CA', city: 'Fresno', dma: '866' } };
const newYork = { geo: { country: 'US', region: 'NY', city: 'New York', dma: '501' } };
const toronto = { geo: { country: 'CA', region: 'ON', city: 'Toronto' } };
const chilean = { geo: { country: 'CL', region: 'BI', city: 'Los Angeles' } };
const somewhereInUs = { geo: { country: 'US' } };

test.each<[string, Listed, RawContext, boolean]>([
  ['a country stands for all below it', { geo_countries: ['US'] }, fresno, true],
  ['and for none beside it', { geo_countries: ['US'] }, toronto, false],
  [
    'a country with one of its regions means the region',
    { geo_countries: ['US'], geo_regions: ['US-CA'] },
    newYork,
    false,
  ],
  ['and that region whole', { geo_countries: ['US'], geo_regions: ['US-CA'] }, fresno, true],
  ['another country stays whole', { geo_countries: ['US', 'CA'], geo_regions: ['US-CA'] }, toronto, true],
  ['a region with a city means the city', { geo_regions: ['US-CA'], geo_cities: ['Los Angeles'] }, fresno, false],
  ['and that city', { geo_regions: ['US-CA'], geo_cities: ['Los Angeles'] }, losAngeles, true],
  ['not its namesake elsewhere', { geo_regions: ['US-CA'], geo_cities: ['Los Angeles'] }, chilean, false],
  ['a city alone is any of that name', { geo_cities: ['Los Angeles'] }, chilean, true],
  ['a country with a city means the city', { geo_countries: ['US'], geo_cities: ['Los Angeles'] }, fresno, false],
  [
    'all three levels mean the city',
    { geo_countries: ['US'], geo_regions: ['US-CA'], geo_cities: ['Los Angeles'] },
    fresno,
    false,
  ],
  [
    'a placed city leaves other regions whole',
    { geo_regions: ['US-CA', 'US-NY'], geo_cities: ['US-CA/Los Angeles'] },
    newYork,
    true,
  ],
  ['and narrows its own', { geo_regions: ['US-CA', 'US-NY'], geo_cities: ['US-CA/Los Angeles'] }, fresno, false],
  ['a country with a DMA means the DMA', { geo_countries: ['US'], geo_dma_codes: ['803'] }, newYork, false],
  ['a country that the DMA is not in stays whole', { geo_countries: ['CA'], geo_dma_codes: ['803'] }, toronto, true],
  ['a DMA is beside a region: the region stands', { geo_regions: ['US-CA'], geo_dma_codes: ['501'] }, fresno, true],
  ['a DMA is beside a region: the DMA stands', { geo_regions: ['US-CA'], geo_dma_codes: ['501'] }, newYork, true],
  ['an unknown place fails an include', { geo_regions: ['US-CA'] }, somewhereInUs, false],
  ['UK is GB', { geo_countries: ['UK'] }, { geo: { country: 'GB' } }, true],
])('%s', (_, include, raw, ok) => {
  expect(match([rule(include)], raw).ok).toBe(ok);
});

test.each<[string, Listed, RawContext, boolean]>([
  ['an excluded country excludes all below it', { geo_countries: ['US'] }, fresno, false],
  ['an unknown place passes an exclude', { geo_regions: ['US-CA'] }, somewhereInUs, true],
  ['an unknown age passes an exclude', { age_ranges: [{ max: 17 }] }, {}, true],
  ['a known one does not', { age_ranges: [{ max: 17 }] }, { user: { age: 17 } }, false],
])('%s', (_, exclude, raw, ok) => {
  expect(match([rule({}, exclude)], raw).ok).toBe(ok);
});

test('a country without one of its regions', () => {
  const rules = [rule({ geo_countries: ['US'] }, { geo_regions: ['US-CA'] })];
  expect(match(rules, newYork).ok).toBe(true);
  expect(match(rules, fresno)).toEqual({ ok: false, dimension: 'geo_regions' });
});

test('no rules match everything, as does a rule that asks for nothing', () => {
  expect(match([], {}).ok).toBe(true);
  expect(match([rule({ device_types: [] })], {}).ok).toBe(true);
});

test('the plan’s own example request meets a rule made of the plan’s own example values', () => {
  const request = {
    user: { id: 'hashed_id', age: 35, gender: 'male', household_income: 75_000, time_zone: 'America/Los_Angeles' },
    device: { type: 'smart_tv', brand: 'samsung', os: 'tizen' },
    content: { category: 'sports', rating: 'PG', genre: 'action' },
    geo: { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' },
  };
  const everything = rule({
    geo_countries: ['US', 'CA', 'UK'],
    geo_regions: ['US-CA', 'US-NY'],
    geo_cities: ['Los Angeles', 'New York'],
    geo_dma_codes: ['501', '803'],
    device_types: ['smart_tv', 'roku', 'fire_tv'],
    os_types: ['tizen', 'tvos', 'webos'],
    device_brands: ['samsung', 'lg', 'sony'],
    content_categories: ['sports', 'news', 'entertainment'],
    content_genres: ['action', 'comedy', 'drama'],
    content_ratings: ['G', 'PG', 'PG-13', 'R'],
    age_ranges: [
      { min: 18, max: 34 },
      { min: 35, max: 54 },
    ],
    gender: ['all'],
    household_income: [{ min: 50_000, max: 100_000 }],
    time_zones: ['America/New_York', 'America/Los_Angeles'],
    day_parts: [{ start: '06:00', end: '12:00' }],
    days_of_week: [1, 2, 3, 4, 5],
  });
  expect(match([everything], request)).toEqual({ ok: true });
  expect(match([everything], request, monday + 6 * 60 * minuteMs)).toEqual({ ok: false, dimension: 'day_parts' });
  expect(match([everything], request, monday - 24 * 60 * minuteMs)).toEqual({ ok: false, dimension: 'days_of_week' });
});

test('one rule that holds is enough', () => {
  expect(match([rule({ geo_countries: ['FR'] }), rule({ geo_countries: ['US'] })], fresno).ok).toBe(true);
});

test('the answer names what stopped the rule that got furthest', () => {
  const rules = [rule({ geo_countries: ['US'], gender: ['male'] }), rule({ geo_countries: ['FR'] })];
  expect(match(rules, { ...fresno, user: { gender: 'female' } })).toEqual({ ok: false, dimension: 'gender' });
  expect(match(rules, toronto)).toEqual({ ok: false, dimension: 'geo_countries' });
  expect(match([rule({ geo_countries: ['US'], geo_regions: ['US-CA'] })], newYork)).toEqual({
    ok: false,
    dimension: 'geo_regions',
  });
});

test('a value that cannot be read never widens a rule', () => {
  expect(match([rule({ geo_countries: ['US', 'Narnia'] })], fresno).ok).toBe(false);
  expect(match([rule({}, { geo_countries: ['Narnia'] })], fresno).ok).toBe(false);
});

const lateNight = { start: '22:00', end: '02:00' };

test.each<[string, string, Listed, Listed, boolean]>([
  ['late on Friday', '2026-03-06T23:00:00Z', { day_parts: [lateNight], days_of_week: [5] }, {}, true],
  [
    'early on Saturday, in Friday’s span',
    '2026-03-07T01:59:00Z',
    { day_parts: [lateNight], days_of_week: [5] },
    {},
    true,
  ],
  ['the span is over', '2026-03-07T02:00:00Z', { day_parts: [lateNight], days_of_week: [5] }, {}, false],
  [
    'early on Friday, in Thursday’s span',
    '2026-03-06T01:00:00Z',
    { day_parts: [lateNight], days_of_week: [5] },
    {},
    false,
  ],
  [
    'early on Monday, in Sunday’s span',
    '2026-03-02T00:30:00Z',
    { day_parts: [lateNight], days_of_week: [7] },
    {},
    true,
  ],
  [
    'but not where Sundays are excluded',
    '2026-03-02T00:30:00Z',
    { day_parts: [lateNight] },
    { days_of_week: [7] },
    false,
  ],
  [
    'an excluded Monday leaves Sunday’s span',
    '2026-03-02T00:30:00Z',
    { day_parts: [lateNight] },
    { days_of_week: [1] },
    true,
  ],
  ['without parts the day is the wall’s', '2026-03-07T01:00:00Z', { days_of_week: [5] }, {}, false],
  ['an excluded part', '2026-03-07T01:00:00Z', { days_of_week: [6] }, { day_parts: [lateNight] }, false],
])('%s', (_, at, include, exclude, ok) => {
  expect(match([rule(include, exclude)], {}, Date.parse(at)).ok).toBe(ok);
});

test.each([
  ['before the clocks go forward', 'America/New_York', '2026-03-08T06:59:00Z', '01:00', '03:00', true],
  ['the hour that is skipped ends the span', 'America/New_York', '2026-03-08T07:00:00Z', '01:00', '03:00', false],
  ['a span inside the skipped hour never comes', 'America/New_York', '2026-03-08T07:00:00Z', '02:00', '03:00', false],
  ['the repeated hour, first time', 'America/New_York', '2026-11-01T05:30:00Z', '01:00', '02:00', true],
  ['the repeated hour, second time', 'America/New_York', '2026-11-01T06:30:00Z', '01:00', '02:00', true],
  ['and then it is over', 'America/New_York', '2026-11-01T07:00:00Z', '01:00', '02:00', false],
  ['half an hour of daylight saving', 'Australia/Lord_Howe', '2026-04-04T15:15:00Z', '01:30', '02:00', true],
  ['Europe', 'Europe/Berlin', '2026-03-29T01:00:00Z', '03:00', '04:00', true],
])('%s (%s)', (_, zone, at, start, end, ok) => {
  const rules = [rule({ day_parts: [{ start, end }] })];
  expect(match(rules, { user: { time_zone: zone } }, Date.parse(at)).ok).toBe(ok);
  expect(match(rules, {}, Date.parse(at), zone).ok).toBe(ok);
});

/** The minute's text on the wall, "YYYY-MM-DDTHH:MM", read from Intl and from nothing of ours. */
function wallText(at: number, timeZone: string): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).replace(' ', 'T');
}

/** Whether the minute lies in a span that began on a listed day, by comparing texts over the day and the day before. */
function inSpan(wall: string, start: string, end: string, days: readonly number[]): boolean {
  return [0, 1].some((daysAgo) => {
    const date = new Date(`${wall.slice(0, 10)}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() - daysAgo);
    const from = date.toISOString().slice(0, 10);
    const next = new Date(date.getTime() + 86_400_000).toISOString().slice(0, 10);
    const until = end > start ? `${from}T${end}` : `${next}T${end}`;
    return days.includes(date.getUTCDay() || 7) && wall >= `${from}T${start}` && wall < until;
  });
}

test('day-parts and days agree with a minute-by-minute reading of the wall in five zones', () => {
  const text = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const zones = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Havana', 'Asia/Kolkata'];
  const changes = ['2026-03-07T20:00:00Z', '2026-03-28T18:00:00Z', '2026-04-04T06:00:00Z', '2026-11-01T00:00:00Z'];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...changes),
      fc.integer({ min: 0, max: 1439 }),
      fc.integer({ min: 0, max: 1440 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (zone, from, startMinute, endMinute, days) => {
        fc.pre(startMinute !== endMinute);
        const [start, end] = [text(startMinute), text(endMinute)];
        const rules = [rule({ day_parts: [{ start, end }], days_of_week: days })];
        for (let minute = 0; minute < 1_800; minute += 7) {
          const at = Date.parse(from) + minute * minuteMs;
          expect(match(rules, { user: { time_zone: zone } }, at).ok).toBe(inSpan(wallText(at, zone), start, end, days));
        }
      },
    ),
    { numRuns: 40 },
  );
});
