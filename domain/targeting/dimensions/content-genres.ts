import { nameDimension, parseName } from '../dimension.ts';
import { identifier } from '../names.ts';

export const contentGenres = nameDimension(
  {
    name: 'content_genres',
    about: 'content',
    doc: 'Genres of the content around the ad.',
    example: 'comedy',
    parse: parseName(identifier, 'a genre, such as comedy'),
  },
  (context) => context.contentGenre,
);
