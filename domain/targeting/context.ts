import type { Context } from '../request.ts';
import { canonicalZone } from '../zone.ts';
import { type ContentTaxonomy, noTaxonomy, readAll } from './content-taxonomy.ts';
import { readDevice } from './device.ts';
import { ownFields } from './dimensions.ts';
import * as names from './names.ts';
import { countrySaid, readPlace, readRegion } from './place.ts';
import { rating } from './ratings.ts';
import { isSaid, type RawFields, read } from './said.ts';

/** The request's own fields, as they came: anything may be missing, misspelt or of another type. */
export interface RawContext {
  readonly geo?: RawFields | null | undefined;
  readonly device?: RawFields | null | undefined;
  readonly content?: RawFields | null | undefined;
  readonly user?: RawFields | null | undefined;
}

/** What is known of the viewer besides what the request says: it fills in what the request leaves out. */
export interface Surroundings {
  /** The viewer's own, never a stitcher's. */
  readonly userAgent?: string | null;
  /** Where the address is, in fields as a request has them; `time_zone` too. */
  readonly place?: RawFields | null;
  readonly taxonomy?: ContentTaxonomy;
}

/** Brings a request's fields into the form that rules are matched against. What cannot be read is unknown (null), never an error. */
export function normaliseContext(raw: RawContext, at: number, around: Surroundings = {}): Context {
  const content = raw.content ?? {};
  const user = raw.user ?? {};
  const categories = new Set([content.category].flat().flatMap((each) => read(each, names.category) ?? []));
  const [contentCategory = null, ...otherCategories] = categories;
  const found = readAll(around.taxonomy ?? noTaxonomy, [...categories]);
  const place = readPlace(raw.geo ?? {}, around.place ?? null);
  return {
    ...place.levels,
    ...readDevice(raw.device ?? {}, around.userAgent ?? null),
    contentCategory,
    otherCategories,
    contentCategories: found.holds,
    contentDoubts: found.doubts,
    contentGenre: read(content.genre, names.genres),
    contentRating: read(content.rating, rating),
    age: readWhole(user.age, 120),
    gender: read(user.gender, names.gender),
    householdIncome: readWhole(user.household_income, 1_000_000_000),
    timeZone: isSaid(user.time_zone) ? read(user.time_zone, canonicalZone) : place.timeZone,
    more: ownFields.length === 0 ? nothingMore : readMore(raw),
    at,
  };
}

/** The fields that say something which nobody can read, by JSON pointer: they count as unknown. */
export function unreadableFields({ geo, user }: RawContext): readonly string[] {
  const within = countrySaid(geo ?? {});
  const readers: readonly (readonly [pointer: string, value: unknown, isRead: (value: unknown) => boolean])[] = [
    ['/geo/country', geo?.country, (value) => read(value, names.country) !== null],
    ['/geo/region', geo?.region, (value) => readRegion(value, within) !== null],
    ['/geo/dma', geo?.dma, (value) => read(value, names.dma) !== null],
    ['/user/time_zone', user?.time_zone, (value) => read(value, canonicalZone) !== null],
  ];
  return readers.flatMap(([pointer, value, isRead]) => (isSaid(value) && !isRead(value) ? [pointer] : []));
}

const nothingMore: Context['more'] = {};

function readMore(raw: RawContext): Context['more'] {
  const more: Record<string, string> = {};
  for (const { dimension, field } of ownFields) {
    const value = raw[field.in]?.[field.name];
    const parsed = value === undefined || value === null ? null : dimension.parse(value);
    if (parsed !== null && 'value' in parsed) more[dimension.name] = String(parsed.value);
  }
  return more;
}

function readWhole(value: unknown, limit: number): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  const whole = Math.floor(value);
  return whole >= 0 && whole <= limit ? whole : null;
}
