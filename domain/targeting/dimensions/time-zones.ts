import { canonicalZone } from '../../zone.ts';
import { nameDimension, parseName } from '../dimension.ts';

export const timeZones = nameDimension(
  {
    name: 'time_zones',
    about: 'time',
    doc: "The viewer's time zone. Aliases are the same zone: US/Eastern is America/New_York.",
    example: 'America/New_York',
    parse: parseName((text) => canonicalZone(text.trim()), 'an IANA time zone, such as America/New_York'),
  },
  (context) => context.timeZone,
);
