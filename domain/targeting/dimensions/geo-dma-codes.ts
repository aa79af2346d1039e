import { nameDimension, parseName } from '../dimension.ts';
import { dma } from '../names.ts';

export const geoDmaCodes = nameDimension(
  {
    name: 'geo_dma_codes',
    about: 'place',
    doc: 'Nielsen DMA codes of the United States, beside regions.',
    example: '803',
    lookup: { by: 'place' },
    parse: parseName(dma, 'a DMA code of three digits, such as 803'),
  },
  (context) => context.dma,
);
