import type { Context } from '../request.ts';
import { canonicalZone } from '../zone.ts';
import { countryOf } from './geo.ts';
import * as names from './names.ts';
import { isSaid, type RawFields, read } from './said.ts';

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
  const found = readLevels(address ?? {}, null);
  const given = readLevels(geo, found.country);
  if (address === null || !agree(given, found)) return { levels: given, timeZone: null };
  return complete(given, { levels: found, timeZone: read(address.time_zone, canonicalZone) }, geo);
}

/** `around`: the country in which a region lies that is said without one. */
function readLevels(geo: RawFields, around: string | null): Levels {
  const within = countrySaid(geo);
  const region = readRegion(geo.region, within ?? (isSaid(geo.country) ? null : around));
  return {
    country: read(geo.country, names.country) ?? (region === null ? within : countryOf(region)),
    region,
    city: read(geo.city, names.city),
    dma: read(geo.dma, names.dma),
  };
}

/** The country by its own field, else by that of a DMA: all of them are the United States'. */
export function countrySaid({ country, dma }: RawFields): string | null {
  if (isSaid(country)) return read(country, names.country);
  return read(dma, names.dma) === null ? null : 'US';
}

function agree(given: Levels, found: Levels): boolean {
  return (['country', 'region', 'city', 'dma'] as const).every(
    (level) => given[level] === null || found[level] === null || given[level] === found[level],
  );
}

/** A level that is said and cannot be read is unknown, and so is what lies in it: the address may mean another. */
function complete(given: Levels, { levels, timeZone }: Place, geo: RawFields): Place {
  const inCountry = given.country !== null || !isSaid(geo.country);
  const inRegion = inCountry && (given.region !== null || !isSaid(geo.region));
  const fills = (level: keyof Levels, holds: boolean) =>
    given[level] ?? (holds && !isSaid(geo[level]) ? levels[level] : null);
  return {
    levels: {
      country: fills('country', inCountry),
      region: fills('region', inRegion),
      city: fills('city', inRegion),
      dma: fills('dma', inRegion),
    },
    timeZone: inRegion ? timeZone : null,
  };
}

/** "US-CA" as it stands; "CA" within a known country. */
export function readRegion(value: unknown, country: string | null): string | null {
  return (
    read(value, names.region) ??
    (country === null ? null : read(value, (text) => names.region(`${country}-${text.trim()}`)))
  );
}
