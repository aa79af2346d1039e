import type { DimensionName } from '../campaign.ts';
import type { Context } from '../request.ts';

/** Whether a moment has one of the listed values. `unknown` fails an include and passes an exclude. */
export type Answer = 'yes' | 'no' | 'unknown';

/** A value in its normal form, or what is wrong with it, as a sentence for the person who sent it. */
export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

/**
 * How an index finds the listed values that hold at a moment without asking each of them. It has to say what `matches` says.
 * name: a listed text holds if it is one of those read; `everybody` holds always, also where nothing is known.
 * range: a listed range holds if the number read lies in it. place and time: read together, see geo.ts and day-times.ts.
 */
export type Lookup =
  | { readonly by: 'name'; readonly read: (context: Context) => readonly string[]; readonly everybody: string | null }
  | { readonly by: 'range'; readonly read: (context: Context) => number | null }
  | { readonly by: 'place' }
  | { readonly by: 'time' };

/** One kind of thing a rule can ask about. `values` given to `matches` are what this dimension's `parse` returned. */
export interface Dimension {
  readonly name: DimensionName;
  readonly doc: string;
  readonly example: unknown;
  readonly lookup: Lookup;
  parse(value: unknown): Parsed<unknown>;
  /** `zone`: the campaign's, used where the viewer's is not known. */
  matches(values: readonly unknown[], context: Context, zone: string): Answer;
}

interface Definition<Value> {
  readonly name: DimensionName;
  readonly doc: string;
  readonly example: unknown;
  readonly lookup: Lookup;
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

/** A dimension of plain names: matches when the moment's name is one of the listed. `lookup`: where an index reads it elsewhere. */
export function nameDimension(
  definition: Omit<Definition<string>, 'matches' | 'lookup'> & { readonly lookup?: Lookup },
  read: (context: Context) => string | null,
): Dimension {
  return defineDimension({
    lookup: lookupName(read),
    ...definition,
    matches: (values, context) => isAnyOf(read(context), values),
  });
}

const nothing: readonly string[] = [];

export function lookupName(read: (context: Context) => string | null, everybody: string | null = null): Lookup {
  const readAll = (context: Context): readonly string[] => {
    const name = read(context);
    return name === null ? nothing : [name];
  };
  return { by: 'name', read: readAll, everybody };
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
