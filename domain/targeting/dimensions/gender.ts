import { defineDimension, isAnyOf, lookupName, type Parsed } from '../dimension.ts';
import { gender as normalise } from '../names.ts';

export const gender = defineDimension({
  name: 'gender',
  about: 'viewer',
  doc: 'male, female, or all, which also stands for viewers whose gender is not known.',
  example: 'female',
  schema: { enum: ['male', 'female', 'all'] },
  lookup: lookupName((context) => context.gender, 'all'),
  parse: parseGender,
  matches: (values, context) => (values.includes('all') ? 'yes' : isAnyOf(context.gender, values)),
});

function parseGender(value: unknown): Parsed<string> {
  const name = typeof value === 'string' ? normalise(value) : null;
  if (name !== 'male' && name !== 'female' && name !== 'all') return { problem: 'expected male, female or all' };
  return { value: name };
}
