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

/**
 * The same tree for an index: a listed place becomes keys, a moment asks for keys, and matchPlaces says yes exactly where they share
 * one. A bare city within n listed regions or countries is n keys.
 */
export function keysOfPlaces(listed: ListedPlaces): readonly string[] {
  const { countries, regions, cities, dmas } = listed;
  const keys = new Set<string>();
  for (const country of countries) if (!hasListedBelowCountry(country, listed)) keys.add(`c ${country}`);
  for (const region of regions) if (!hasListedBelowRegion(region, listed)) keys.add(`r ${region}`);
  for (const dma of dmas) keys.add(`d ${dma}`);
  for (const { region, city } of cities) {
    if (region !== null) keys.add(`r ${region} ${city}`);
    else if (regions.length > 0) for (const around of regions) keys.add(`r ${around} ${city}`);
    else if (countries.length > 0) for (const around of countries) keys.add(`c ${around} ${city}`);
    else keys.add(`t ${city}`);
  }
  return [...keys];
}

export function keysOfPlace({ country, region, city, dma }: Context): readonly string[] {
  const keys: string[] = [];
  if (country !== null) keys.push(`c ${country}`);
  if (region !== null) keys.push(`r ${region}`);
  if (dma !== null) keys.push(`d ${dma}`);
  if (city === null) return keys;
  keys.push(`t ${city}`);
  if (region !== null) keys.push(`r ${region} ${city}`);
  if (country !== null) keys.push(`c ${country} ${city}`);
  return keys;
}

export function countryOf(region: string): string {
  return region.slice(0, 2);
}
