import { defineDimension } from '../dimension.ts';
import { matchRanges, parseRange, type Range } from '../range.ts';

export const ageRanges = defineDimension<Range>({
  name: 'age_ranges',
  doc: 'Ages in years, both ends included.',
  example: { min: 18, max: 34 },
  lookup: { by: 'range', read: (context) => context.age },
  parse: parseRange(120),
  matches: (ranges, context) => matchRanges(context.age, ranges),
});
