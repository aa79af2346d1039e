import type { Campaign, DimensionName, TargetingRule } from '../campaign.ts';
import type { Context } from '../request.ts';
import type { DayPart } from './day-times.ts';
import { dimensions } from './dimensions.ts';
import { keysOfPlaces } from './geo.ts';
import { matchCampaign } from './plain-matcher.ts';
import type { Range } from './range.ts';
import { placesOf, type ReadRule, readRule } from './read-rule.ts';

/** A rule that no moment can satisfy: which one, and the dimensions whose conditions leave nothing over. */
export interface Impossible {
  readonly index: number;
  readonly dimensions: readonly DimensionName[];
}

const geo: readonly DimensionName[] = ['geo_countries', 'geo_regions', 'geo_cities', 'geo_dma_codes'];
const times: readonly DimensionName[] = ['day_parts', 'days_of_week'];
/** More moments to try than this are not tried: the rule is taken to match somebody. */
const TRIED_MOST = 5_000;
/** A Monday, in UTC. */
const MONDAY = Date.UTC(2026, 0, 5);

/**
 * Rules that can match nobody. What it names is certain: for each group of dimensions that are read together, the moments that
 * could satisfy the includes with the least known besides are tried with the plain matcher. What it does not name may still match
 * nobody for reasons that lie outside of the rule, such as a category that lies below an excluded one.
 */
export function impossibleRules({ targeting }: Pick<Campaign, 'targeting'>): readonly Impossible[] {
  return targeting.flatMap((rule, index) => {
    const read = readRule(rule);
    const groups = [geo, times, ...dimensions.filter(isAlone).map(({ name }) => [name])];
    const found = groups.filter((names) => !canMatch(rule, read, names)).flat();
    const named = found.filter((name) => read.include.has(name) || read.exclude.has(name));
    return named.length === 0 ? [] : [{ index, dimensions: named }];
  });
}

function isAlone({ name }: { readonly name: DimensionName }): boolean {
  return !geo.includes(name) && !times.includes(name);
}

/** Only where a group includes and excludes can nothing be left over; days and parts can also miss each other. */
function canMatch(rule: TargetingRule, read: ReadRule, names: readonly DimensionName[]): boolean {
  if (names.some((name) => read.broken.has(name))) return false;
  if (!names.some((name) => read.exclude.has(name))) return true;
  const conditions = rule.conditions.filter(({ dimension }) => names.includes(dimension));
  const moments = momentsOf(read, names);
  if (moments === null || moments.length > TRIED_MOST) return true;
  const alone = { targeting: [{ id: rule.id, conditions }], timeZone: 'UTC' };
  return moments.some((moment) => matchCampaign(alone, { ...nothingKnown, ...moment }).ok);
}

type Moment = Partial<Context>;

/** Null: too many to say. The empty moment, of which nothing is known, is always one: it passes every exclude. */
function momentsOf(read: ReadRule, names: readonly DimensionName[]): readonly Moment[] | null {
  const [first] = names;
  if (first === undefined) return null;
  if (names === geo) return [{}, ...keysOfPlaces(placesOf(read.include)).map(momentOfPlace)];
  if (names === times) return momentsOfWeek(read);
  const dimension = dimensions.find(({ name }) => name === first);
  const values = read.include.get(first) ?? [];
  if (dimension?.lookup.by === 'range') {
    const ends = [...values, ...(read.exclude.get(first) ?? [])].flatMap((value) => endsOf(value as Range));
    return [{}, ...ends.map((end) => (first === 'age_ranges' ? { age: end } : { householdIncome: end }))];
  }
  return [{}, ...values.map((value) => momentOfName(first, String(value)))];
}

/** The ends of a range and what lies just beyond them. */
function endsOf({ min, max }: Range): readonly number[] {
  const ends = [min ?? 0, max ?? Number.MAX_SAFE_INTEGER - 1];
  return ends.flatMap((end) => [end, end + 1, Math.max(0, end - 1)]);
}

/** A key of geo.ts as the place that it names. */
function momentOfPlace(key: string): Moment {
  const [kind, where = '', ...city] = key.split(' ');
  const named = city.length === 0 ? {} : { city: city.join(' ') };
  if (kind === 'c') return { country: where, ...named };
  if (kind === 'r') return { country: where.slice(0, 2), region: where, ...named };
  if (kind === 'd') return { country: 'US', dma: where };
  return { city: [where, ...city].join(' ') };
}

const fields: Partial<Record<DimensionName, keyof Context>> = {
  device_types: 'deviceType',
  os_types: 'os',
  device_brands: 'brand',
  content_genres: 'contentGenre',
  content_ratings: 'contentRating',
  gender: 'gender',
  time_zones: 'timeZone',
};

function momentOfName(name: DimensionName, value: string): Moment {
  if (name === 'content_categories') return { contentCategory: value, contentCategories: [value] };
  const field = fields[name];
  return field === undefined ? { more: { [name]: value } } : { [field]: value };
}

/** Whatever holds at some minute of a week holds from a minute on at which a span begins or ends, or a day does. */
function momentsOfWeek({ include, exclude }: ReadRule): readonly Moment[] {
  const parts = [...(include.get('day_parts') ?? []), ...(exclude.get('day_parts') ?? [])] as readonly DayPart[];
  const minutes = new Set([0, ...parts.flatMap(({ startMinute, endMinute }) => [startMinute, endMinute % 1_440])]);
  const days = [0, 1, 2, 3, 4, 5, 6];
  return days.flatMap((day) => [...minutes].map((minute) => ({ at: MONDAY + (day * 1_440 + minute) * 60_000 })));
}

const nothingKnown: Context = {
  country: null,
  region: null,
  city: null,
  dma: null,
  deviceType: null,
  os: null,
  brand: null,
  contentCategory: null,
  otherCategories: [],
  contentCategories: [],
  contentDoubts: [],
  contentGenre: null,
  contentRating: null,
  age: null,
  gender: null,
  householdIncome: null,
  timeZone: null,
  more: {},
  at: MONDAY,
};
