import { nameDimension, parseName } from '../dimension.ts';
import { rating } from '../ratings.ts';

export const contentRatings = nameDimension(
  {
    name: 'content_ratings',
    about: 'content',
    doc: 'Age ratings of the content around the ad.',
    example: 'PG-13',
    parse: parseName(rating, 'a rating, such as PG-13'),
  },
  (context) => context.contentRating,
);
