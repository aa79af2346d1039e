import type { Context } from '../request.ts';
import { canonicalZone } from '../zone.ts';
import { countryOf } from './geo.ts';
import * as names from './names.ts';
import { type RawFields, read } from './said.ts';

type Levels = Pick<Context, 'country' | 'region' | 'city' | 'dma'>;

/** Where a viewer is, and the zone of the clocks there. */
export interface Place {
  readonly levels: Levels;
  readonly timeZone: string | null;
}

/**
 * What the request says, completed by where the address is. An address that lies elsewhere is no help: half of one place and half of
 * another is neither. What it does not know contradicts nothing.
 */
export function readPlace(geo: RawFields, address: RawFields | null): Place {
  const given = readLevels(geo);
  const found = readLevels(address ?? {});
  if (address === null || !agree(given, found)) return { levels: given, timeZone: null };
  return { levels: complete(given, found), timeZone: read(address.time_zone, canonicalZone) };
}

function readLevels(geo: RawFields): Levels {
  const givenCountry = read(geo.country, names.country);
  const region = readRegion(geo.region, givenCountry);
  return {
    country: givenCountry ?? (region === null ? null : countryOf(region)),
    region,
    city: read(geo.city, names.city),
    dma: read(geo.dma, names.dma),
  };
}

function agree(given: Levels, found: Levels): boolean {
  return (['country', 'region', 'city', 'dma'] as const).every(
    (level) => given[level] === null || found[level] === null || given[level] === found[level],
  );
}

function complete(given: Levels, found: Levels): Levels {
  return {
    country: given.country ?? found.country,
    region: given.region ?? found.region,
    city: given.city ?? found.city,
    dma: given.dma ?? found.dma,
  };
}

/** "US-CA" as it stands; "CA" within a known country. */
export function readRegion(value: unknown, country: string | null): string | null {
  return (
    read(value, names.region) ??
    (country === null ? null : read(value, (text) => names.region(`${country}-${text.trim()}`)))
  );
}
