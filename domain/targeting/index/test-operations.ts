import fc from 'fast-check';
import type { Condition, DimensionName } from '../../campaign.ts';
import type { Context } from '../../request.ts';
import { createTaxonomy, noTaxonomy } from '../content-taxonomy.ts';
import { normaliseContext } from '../context.ts';
import { dimensions } from '../dimensions.ts';
import { matchCampaign } from '../plain-matcher.ts';
import { createTargetingIndex, type Targeted } from './targeting-index.ts';

/** What is done to an index and to a plain list of campaigns. */
export type Operation = { readonly put: Targeted } | { readonly remove: string } | { readonly ask: Context };

export interface Counts {
  matches: number;
  misses: number;
  /** Moments asked, and campaigns put, changed or removed before them. */
  asked: number;
  updates: number;
  /** Moments whose content may be sensitive, and moments whose category has others above it. */
  doubtful: number;
  lineages: number;
}

export function noCounts(): Counts {
  return { matches: 0, misses: 0, asked: 0, updates: 0, doubtful: 0, lineages: 0 };
}

/** Two levels, a name that comes twice, a row that is its own parent, and a branch that is sensitive. */
export const taxonomy = createTaxonomy([
  { id: '483', name: 'Sports', parentId: null, sensitive: false },
  { id: '484', name: 'Soccer', parentId: '483', sensitive: false },
  { id: '379', name: 'News', parentId: '379', sensitive: false },
  { id: '380', name: 'Crime', parentId: '379', sensitive: true },
  { id: '381', name: 'War', parentId: '380', sensitive: false },
  { id: '680', name: 'War', parentId: '483', sensitive: false },
]);

const cities = ['Los Angeles', 'Fresno', 'New York', 'Toronto', 'US-CA/Los Angeles', 'US-NY/New York'];
const clock = fc
  .record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.constantFrom(0, 0, 0, 15, 30, 7, 59) })
  .map(({ hour, minute }) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const range = (limit: number, step: number) =>
  fc.oneof({ weight: 1, arbitrary: bucket(limit, step) }, { weight: 4, arbitrary: ends(limit, step) });
const bucket = (limit: number, step: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: limit / step }), fc.constantFrom('+', '-'))
    .map(([n, sign]) => (sign === '+' ? `${n * step}+` : `0-${n * step}`));
const ends = (limit: number, step: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: limit / step }), fc.integer({ min: 0, max: limit / step }), fc.nat(5))
    .map(([a, b, open]) => ({
      ...(open === 0 ? {} : { min: Math.min(a, b) * step }),
      ...(open === 1 ? {} : { max: Math.max(a, b) * step }),
    }));

/** Few values of each kind, so that campaigns and moments often meet; some that cannot be read. */
const values: Readonly<Partial<Record<DimensionName, fc.Arbitrary<unknown>>>> = {
  geo_countries: fc.constantFrom('US', 'US', 'CA', 'UK', 'CL'),
  geo_regions: fc.constantFrom('US-CA', 'US-NY', 'CA-ON', 'CL-BI'),
  geo_cities: fc.oneof(
    fc.constantFrom(...cities),
    fc.nat(400).map((n) => `Town ${n}`),
  ),
  geo_dma_codes: fc.constantFrom('501', '803', '866'),
  device_types: fc.constantFrom('smart_tv', 'roku', 'Fire TV'),
  os_types: fc.constantFrom('tizen', 'webos', 'roku_os'),
  device_brands: fc.constantFrom('samsung', 'lg', 'sony'),
  content_categories: fc.constantFrom('sports', 'news', 'kids', 483, '380', 'Crime', 'war', 'soccer', '680'),
  content_genres: fc.constantFrom('drama', 'comedy'),
  content_ratings: fc.constantFrom('PG', 'TV-MA', 'pg 13'),
  age_ranges: range(120, 1),
  gender: fc.constantFrom('male', 'female', 'all'),
  household_income: range(200_000, 10_000),
  time_zones: fc.constantFrom('America/New_York', 'US/Eastern', 'Asia/Kolkata'),
  day_parts: fc
    .tuple(clock, fc.oneof(clock, fc.constant('24:00')))
    .map(([start, end]) => ({ start, end: start === end ? '24:00' : end })),
  days_of_week: fc.integer({ min: 1, max: 7 }),
};
const names = dimensions.map(({ name }) => name);
const gardens: readonly DimensionName[] = ['geo_countries', 'geo_regions', 'geo_cities', 'day_parts', 'days_of_week'];

const condition: fc.Arbitrary<Condition> = fc.constantFrom(...names, ...gardens).chain((dimension) =>
  fc.record({
    dimension: fc.constant(dimension),
    mode: fc.constantFrom('include' as const, 'include' as const, 'exclude' as const),
    values: fc.array(
      fc.oneof(
        { weight: 60, arbitrary: values[dimension] ?? fc.constant('other') },
        { weight: 1, arbitrary: fc.constant('??') },
      ),
      {
        maxLength: 4,
      },
    ),
  }),
);

const zones = ['UTC', 'America/New_York', 'America/Los_Angeles', 'Australia/Lord_Howe', 'Asia/Kolkata'];
const ids = fc.nat(24).map((n) => `campaign-${n}`);

export const campaigns: fc.Arbitrary<Targeted> = fc.record({
  id: ids,
  timeZone: fc.constantFrom(...zones),
  targeting: fc.array(
    fc.array(condition, { maxLength: 4 }).map((conditions) => ({ id: 'r', conditions })),
    { maxLength: 3 },
  ),
});

const places = fc.constantFrom(
  { country: 'US', region: 'CA', city: 'Los Angeles', dma: '803' },
  { country: 'US', region: 'NY', city: 'New York', dma: '501' },
  { country: 'US', region: 'CA', city: 'Fresno', dma: '866' },
  { country: 'US', region: 'CA', city: 'Town 7' },
  { country: 'CA', region: 'ON', city: 'Toronto' },
  { country: 'CL', region: 'BI', city: 'Los Angeles' },
  { country: 'US' },
  { city: 'New York' },
  { country: 'GB' },
  {},
);
const maybe = <T>(...given: T[]) => fc.constantFrom(...given, ...given, undefined);

/** Instants around the changes of clocks, and around midnight and the turn of the week. */
export const contexts: fc.Arbitrary<Context> = fc
  .record({
    geo: places,
    device: fc.record({ type: maybe('smart_tv', 'roku'), os: maybe('tizen', 'webos'), brand: maybe('samsung', 'lg') }),
    content: fc.record({
      category: maybe('sports', 'news', 'Soccer', 'war', '381', '680', 'crime', 'nobody knows'),
      genre: maybe('drama', 'Horror, Drama'),
      rating: maybe('PG', 'TV-MA'),
    }),
    user: fc.record({
      age: fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined }),
      gender: maybe('male', 'female'),
      household_income: fc.option(
        fc.oneof(
          fc.nat(200_000),
          fc.nat(20).map((n) => n * 10_000),
        ),
        { nil: undefined },
      ),
      time_zone: maybe('America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'),
    }),
    known: fc.constantFrom(taxonomy, taxonomy, noTaxonomy),
    from: fc.constantFrom('2026-03-01T20:00Z', '2026-03-08T02:00Z', '2026-04-04T12:00Z', '2026-11-01T00:00Z'),
    minutes: fc.nat(2_880),
  })
  .map(({ from, minutes, known, ...raw }) =>
    normaliseContext(raw, Date.parse(from) + minutes * 60_000, { taxonomy: known }),
  );

export const operations: fc.Arbitrary<readonly Operation[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: campaigns.map((put) => ({ put })) },
    { weight: 1, arbitrary: ids.map((remove) => ({ remove })) },
    { weight: 4, arbitrary: contexts.map((ask) => ({ ask })) },
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
);

/** Does all of it to both. Throws where the index answers anything else than the plain matcher, campaign by campaign. */
export function compare(done: readonly Operation[], counts: Counts): void {
  const index = createTargetingIndex<Targeted>();
  const plain = new Map<string, Targeted>();
  for (const operation of done) {
    if (!('ask' in operation)) counts.updates += 1;
    if ('put' in operation) {
      index.put(operation.put);
      plain.set(operation.put.id, operation.put);
    } else if ('remove' in operation) {
      const had = plain.delete(operation.remove);
      if (index.remove(operation.remove) !== had) throw new Error(`remove ${operation.remove} answered ${!had}`);
    } else compareAnswers(index.match(operation.ask), [...plain.values()], operation.ask, counts);
    if (index.size !== plain.size) throw new Error(`${index.size} campaigns where ${plain.size} were put`);
  }
}

export function compareAnswers(
  answered: readonly Targeted[],
  all: readonly Targeted[],
  context: Context,
  counts: Counts,
): void {
  const expected = all.filter((campaign) => matchCampaign(campaign, context).ok);
  const theirs = new Set(expected);
  const ours = new Set(answered);
  if (ours.size !== answered.length) throw new Error('a campaign was answered twice');
  const wrong = [
    ...expected.filter((campaign) => !ours.has(campaign)).map((campaign) => ({ missing: campaign })),
    ...answered.filter((campaign) => !theirs.has(campaign)).map((campaign) => ({ unwanted: campaign })),
  ];
  if (wrong.length > 0) throw new Error(`${JSON.stringify(wrong[0])} at ${JSON.stringify(context)}`);
  counts.asked += 1;
  if (context.contentDoubts.length > 0) counts.doubtful += 1;
  if (context.contentCategories.length > 2) counts.lineages += 1;
  counts.matches += expected.length;
  counts.misses += all.length - expected.length;
}
