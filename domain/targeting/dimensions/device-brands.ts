import { deviceBrand } from '../device-names.ts';
import { nameDimension, parseName } from '../dimension.ts';

export const deviceBrands = nameDimension(
  {
    name: 'device_brands',
    about: 'device',
    doc: 'Makers of the device.',
    example: 'samsung',
    parse: parseName(deviceBrand, 'a brand, such as samsung'),
  },
  (context) => context.brand,
);
