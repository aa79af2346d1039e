import { nameDimension, parseName } from '../dimension.ts';
import { identifier } from '../names.ts';

export const contentCategories = nameDimension(
  {
    name: 'content_categories',
    doc: 'Categories of the content around the ad.',
    example: 'sports',
    parse: parseName(identifier, 'a category, such as sports'),
  },
  (context) => context.contentCategory,
);
