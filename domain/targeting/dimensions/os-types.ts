import { operatingSystem } from '../device-names.ts';
import { nameDimension, parseName } from '../dimension.ts';

export const osTypes = nameDimension(
  {
    name: 'os_types',
    about: 'device',
    doc: 'Operating systems of the device.',
    example: 'webos',
    parse: parseName(operatingSystem, 'an operating system, such as webos'),
  },
  (context) => context.os,
);
