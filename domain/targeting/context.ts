import type { Context } from '../request.ts';
import { canonicalZone } from '../zone.ts';
import { countryOf } from './geo.ts';
import * as names from './names.ts';

/** The request's own fields, as they came: anything may be missing, misspelt or of another type. */
export interface RawContext {
  readonly geo?: RawFields | null | undefined;
  readonly device?: RawFields | null | undefined;
  readonly content?: RawFields | null | undefined;
  readonly user?: RawFields | null | undefined;
}

type RawFields = Readonly<Record<string, unknown>>;

/** Brings a request's fields into the form that rules are matched against. What cannot be read is unknown (null), never an error. */
export function normaliseContext(raw: RawContext, at: number): Context {
  const geo = raw.geo ?? {};
  const device = raw.device ?? {};
  const content = raw.content ?? {};
  const user = raw.user ?? {};
  const givenCountry = read(geo.country, names.country);
  const region = readRegion(geo.region, givenCountry);
  return {
    country: givenCountry ?? (region === null ? null : countryOf(region)),
    region,
    city: read(geo.city, names.city),
    dma: read(geo.dma, names.dma),
    deviceType: read(device.type, names.deviceType),
    os: read(device.os, names.operatingSystem),
    brand: read(device.brand, names.deviceBrand) ?? read(device.os, names.brandInOs),
    contentCategory: read(content.category, names.identifier),
    contentGenre: read(content.genre, names.identifier),
    contentRating: read(content.rating, names.rating),
    age: readWhole(user.age, 120),
    gender: read(user.gender, names.gender),
    householdIncome: readWhole(user.household_income, 1_000_000_000),
    timeZone: read(user.time_zone, canonicalZone),
    at,
  };
}

/** "US-CA" as it stands; "CA" within a known country. */
function readRegion(value: unknown, country: string | null): string | null {
  return (
    read(value, names.region) ??
    (country === null ? null : read(value, (text) => names.region(`${country}-${text.trim()}`)))
  );
}

function read(value: unknown, normalise: (text: string) => string | null): string | null {
  if (typeof value === 'string') return normalise(value.trim());
  return typeof value === 'number' ? normalise(String(value)) : null;
}

function readWhole(value: unknown, limit: number): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  const whole = Math.floor(value);
  return whole >= 0 && whole <= limit ? whole : null;
}
