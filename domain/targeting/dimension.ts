import type { DimensionName } from '../campaign.ts';
import type { Context } from '../request.ts';

/** Whether a moment has one of the listed values. `unknown` fails an include and passes an exclude. */
export type Answer = 'yes' | 'no' | 'unknown';

/** A value in its normal form, or what is wrong with it, as a sentence for the person who sent it. */
export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

/** One kind of thing a rule can ask about. `values` given to `matches` are what this dimension's `parse` returned. */
export interface Dimension {
  readonly name: DimensionName;
  readonly doc: string;
  readonly example: unknown;
  parse(value: unknown): Parsed<unknown>;
  /** `zone`: the campaign's, used where the viewer's is not known. */
  matches(values: readonly unknown[], context: Context, zone: string): Answer;
}

interface Definition<Value> {
  readonly name: DimensionName;
  readonly doc: string;
  readonly example: unknown;
  readonly parse: (value: unknown) => Parsed<Value>;
  readonly matches: (values: readonly Value[], context: Context, zone: string) => Answer;
}

/** Makes a dimension of any value type fit the one list. The cast is safe because values come from its own `parse`. */
export function defineDimension<Value>(definition: Definition<Value>): Dimension {
  return {
    ...definition,
    matches: (values, context, zone) => definition.matches(values as readonly Value[], context, zone),
  };
}

/** A dimension of plain names: matches when the moment's name is one of the listed. */
export function nameDimension(
  definition: Omit<Definition<string>, 'matches'>,
  read: (context: Context) => string | null,
): Dimension {
  return defineDimension({ ...definition, matches: (values, context) => isAnyOf(read(context), values) });
}

/** A dimension of names under which any text is allowed once `normalise` gives it a form. */
export function parseName(normalise: (text: string) => string | null, expected: string) {
  return (value: unknown): Parsed<string> => {
    const name = typeof value === 'string' || typeof value === 'number' ? normalise(String(value)) : null;
    return name === null ? { problem: `expected ${expected}` } : { value: name };
  };
}

export function isAnyOf(value: string | null, listed: readonly string[]): Answer {
  if (value === null) return 'unknown';
  return listed.includes(value) ? 'yes' : 'no';
}

/** Three-valued "or": yes if any is, else unknown if any is. */
export function anyOf(answers: readonly Answer[]): Answer {
  if (answers.includes('yes')) return 'yes';
  return answers.includes('unknown') ? 'unknown' : 'no';
}

/** Three-valued "and": no if any is, else unknown if any is. */
export function allOf(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}
