import { countryFault } from '../countries.ts';
import { nameDimension, parseName } from '../dimension.ts';
import { country } from '../names.ts';

export const geoCountries = nameDimension(
  {
    name: 'geo_countries',
    about: 'place',
    doc: 'Countries. Stands for all below unless regions, DMAs or cities in it are listed too.',
    example: 'US',
    lookup: { by: 'place' },
    parse: parseName(country, 'an ISO 3166-1 country, such as US or USA'),
    refuse: countryFault,
  },
  (context) => context.country,
);
