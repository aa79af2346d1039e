import { defineDimension } from '../dimension.ts';
import { matchRanges, parseRange, rangeSchema } from '../range.ts';

export const ageRanges = defineDimension({
  name: 'age_ranges',
  about: 'viewer',
  doc: 'Ages in years, both ends included.',
  example: { min: 18, max: 34 },
  schema: rangeSchema(120),
  lookup: { by: 'range', read: (context) => context.age },
  parse: parseRange(120),
  matches: (ranges, context) => matchRanges(context.age, ranges),
});
