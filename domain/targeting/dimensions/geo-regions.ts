import { regionFault } from '../countries.ts';
import { nameDimension, parseName } from '../dimension.ts';
import { region } from '../names.ts';

export const geoRegions = nameDimension(
  {
    name: 'geo_regions',
    about: 'place',
    doc: 'Regions. Stands for all below unless cities in it are listed too.',
    example: 'US-CA',
    lookup: { by: 'place' },
    parse: parseName(region, 'an ISO 3166-2 region, such as US-CA'),
    refuse: regionFault,
  },
  (context) => context.region,
);
