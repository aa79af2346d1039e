import type { Context } from '../../request.ts';
import { type Answer, defineDimension, parseName } from '../dimension.ts';
import { category } from '../names.ts';

export const contentCategories = defineDimension({
  name: 'content_categories',
  about: 'content',
  doc: 'Categories of the content around the ad, by id or name; one stands for all below it in the content taxonomy. What is not known fails the exclude of a sensitive one.',
  example: 'sports',
  schema: { type: ['string', 'number'] },
  lookup: {
    by: 'name',
    read: ({ contentCategories }) => contentCategories,
    doubt: ({ contentDoubts }) => contentDoubts,
    everybody: null,
  },
  parse: parseName(category, 'a category by id or name, such as sports'),
  matches: (values, { contentCategories }) => answerOf(values, contentCategories),
  bars: (values, { contentCategories, contentDoubts }: Context) =>
    answerOf(values, contentDoubts) === 'yes' ? 'yes' : answerOf(values, contentCategories),
});

function answerOf(values: readonly string[], known: readonly string[]): Answer {
  if (known.length === 0) return 'unknown';
  return values.some((value) => known.includes(value)) ? 'yes' : 'no';
}
