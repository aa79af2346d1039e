import { defineDimension } from '../dimension.ts';
import { matchRanges, parseRange, rangeSchema } from '../range.ts';

export const householdIncome = defineDimension({
  name: 'household_income',
  about: 'viewer',
  doc: 'Income of the household per year in whole currency units, both ends included.',
  example: { min: 50_000, max: 100_000 },
  schema: rangeSchema(1_000_000_000),
  lookup: { by: 'range', read: (context) => context.householdIncome },
  parse: parseRange(1_000_000_000),
  matches: (ranges, context) => matchRanges(context.householdIncome, ranges),
});
