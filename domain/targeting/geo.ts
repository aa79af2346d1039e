import type { Context } from '../request.ts';
import { type Answer, allOf, anyOf, isAnyOf } from './dimension.ts';

/** A listed city; `region` where the rule names it ("US-CA/Los Angeles"), else null. */
export interface ListedCity {
  readonly region: string | null;
  readonly city: string;
}

/** All places that one rule lists in one mode. */
export interface ListedPlaces {
  readonly countries: readonly string[];
  readonly regions: readonly string[];
  readonly cities: readonly ListedCity[];
  readonly dmas: readonly string[];
}

/**
 * Geo is one tree, country > region > city, with DMA beside region. A listed place stands for all below it, unless places
 * below it are listed too, which then stand alone: US with US-CA means US-CA; US-CA with Los Angeles means that city.
 * A bare city name is taken to lie in each listed region, or where none is listed in each listed country; written
 * "US-CA/Los Angeles" it lies there only. DMAs are the United States' and have nothing listed below them.
 */
export function matchPlaces(listed: ListedPlaces, context: Context): Answer {
  return anyOf([
    ...listed.countries
      .filter((country) => !hasListedBelowCountry(country, listed))
      .map((country) => isAnyOf(context.country, [country])),
    ...listed.regions
      .filter((region) => !hasListedBelowRegion(region, listed))
      .map((region) => isAnyOf(context.region, [region])),
    ...listed.dmas.map((dma) => isAnyOf(context.dma, [dma])),
    ...listed.cities.map((city) => matchCity(city, listed, context)),
  ]);
}

function hasListedBelowCountry(country: string, listed: ListedPlaces): boolean {
  if (listed.regions.some((region) => countryOf(region) === country)) return true;
  if (country === 'US' && listed.dmas.length > 0) return true;
  return listed.cities.some(({ region }) =>
    region === null ? listed.regions.length === 0 : countryOf(region) === country,
  );
}

function hasListedBelowRegion(region: string, listed: ListedPlaces): boolean {
  return listed.cities.some((city) => city.region === null || city.region === region);
}

function matchCity(listedCity: ListedCity, listed: ListedPlaces, context: Context): Answer {
  return allOf([isAnyOf(context.city, [listedCity.city]), matchAround(listedCity, listed, context)]);
}

/** Whether the viewer is in the place that the city is taken to lie in: the world has many a Los Angeles. */
function matchAround({ region }: ListedCity, listed: ListedPlaces, context: Context): Answer {
  if (region !== null) return isAnyOf(context.region, [region]);
  if (listed.regions.length > 0) return isAnyOf(context.region, listed.regions);
  if (listed.countries.length > 0) return isAnyOf(context.country, listed.countries);
  return 'yes';
}

export function countryOf(region: string): string {
  return region.slice(0, 2);
}
