import { regionFault } from '../countries.ts';
import { anyOf, defineDimension, isAnyOf, type Parsed } from '../dimension.ts';
import type { ListedCity } from '../geo.ts';
import { city, region } from '../names.ts';

export const geoCities = defineDimension({
  name: 'geo_cities',
  about: 'place',
  doc: 'Cities by name, or by region and name: US-CA/Los Angeles.',
  example: 'Los Angeles',
  schema: { type: 'string' },
  lookup: { by: 'place' },
  parse: parseCity,
  refuse: ({ region: around }) => (around === null ? null : regionFault(around)),
  matches: (cities, context) => anyOf(cities.map((listed) => isAnyOf(context.city, [listed.city]))),
});

function parseCity(value: unknown): Parsed<ListedCity> {
  const problem = 'expected a city, such as Los Angeles or US-CA/Los Angeles';
  if (typeof value !== 'string') return { problem };
  const slash = value.indexOf('/');
  const name = city(value.slice(slash + 1));
  const around = slash < 0 ? null : region(value.slice(0, slash));
  if (name === null || (slash >= 0 && around === null)) return { problem };
  return { value: { region: around, city: name } };
}
