import { nameDimension, parseName } from '../dimension.ts';
import { deviceBrand } from '../names.ts';

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
