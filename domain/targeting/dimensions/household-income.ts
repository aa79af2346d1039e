import { defineDimension } from '../dimension.ts';
import { matchRanges, parseRange, type Range } from '../range.ts';

export const householdIncome = defineDimension<Range>({
  name: 'household_income',
  doc: 'Income of the household per year in whole currency units, both ends included.',
  example: { min: 50_000, max: 100_000 },
  lookup: { by: 'range', read: (context) => context.householdIncome },
  parse: parseRange(1_000_000_000),
  matches: (ranges, context) => matchRanges(context.householdIncome, ranges),
});
