import type { Context } from '../../request.ts';
import { defineDimension, noDoubt, parseName } from '../dimension.ts';
import { genres } from '../names.ts';

export const contentGenres = defineDimension({
  name: 'content_genres',
  about: 'content',
  doc: 'Genres of the content around the ad.',
  example: 'comedy',
  schema: { type: 'string' },
  lookup: { by: 'name', read: genresOf, doubt: noDoubt, everybody: null },
  parse: parseName(genres, 'a genre, such as comedy'),
  refuse: (value) => (value.includes(',') ? 'holds several genres; each is a value of its own' : null),
  matches: (values, context) => {
    const known = genresOf(context);
    if (known.length === 0) return 'unknown';
    return values.some((value) => known.includes(value)) ? 'yes' : 'no';
  },
});

/** Each of the content's, and all as one text, for rules in which several were written as one. */
function genresOf({ contentGenre }: Context): readonly string[] {
  if (contentGenre === null) return [];
  return contentGenre.includes(',') ? [contentGenre, ...contentGenre.split(',')] : [contentGenre];
}
