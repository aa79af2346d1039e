import { deviceType } from '../device-names.ts';
import { nameDimension, parseName } from '../dimension.ts';

export const deviceTypes = nameDimension(
  {
    name: 'device_types',
    about: 'device',
    doc: 'Kinds of device.',
    example: 'smart_tv',
    parse: parseName(deviceType, 'a kind of device, such as smart_tv'),
  },
  (context) => context.deviceType,
);
