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
  | {
      readonly by: 'name';
      readonly read: (context: Context) => readonly string[];
      /** Names that stop an exclude besides those read, although nobody knows whether they hold. */
      readonly doubt: (context: Context) => readonly string[];
      readonly everybody: string | null;
    }
  | { readonly by: 'range'; readonly read: (context: Context) => number | null }
  | { readonly by: 'place' }
  | { readonly by: 'time' };

/** What a dimension is about: the order in which rules are checked and explained. */
export const subjects = ['place', 'device', 'content', 'viewer', 'time'] as const;
export type Subject = (typeof subjects)[number];

/** The JSON schema of one listed value. */
export type ValueSchema = Readonly<Record<string, unknown>>;

/** A text in the ad request that only this dimension reads: `content.channel` is { in: 'content', name: 'channel' }. */
export interface RequestField {
  readonly in: 'geo' | 'device' | 'content' | 'user';
  readonly name: string;
}

/** One kind of thing a rule can ask about. `values` given to `matches` and `bars` are what this dimension's `parse` returned. */
export interface Dimension<Name extends string = string> {
  readonly name: Name;
  readonly about: Subject;
  readonly doc: string;
  readonly example: unknown;
  readonly schema: ValueSchema;
  /** Null: the context has a field for it. */
  readonly field: RequestField | null;
  readonly lookup: Lookup;
  parse(value: unknown): Parsed<unknown>;
  /** What is wrong with a value of `parse` that is written now; null: nothing. */
  refuse(value: unknown): string | null;
  /** `zone`: the campaign's, used where the viewer's is not known. */
  matches(values: readonly unknown[], context: Context, zone: string): Answer;
  /** Whether an exclude of these values stops the moment; most say what `matches` says. */
  bars(values: readonly unknown[], context: Context, zone: string): Answer;
}

type Asked<Value> = (values: readonly Value[], context: Context, zone: string) => Answer;

interface Definition<Name extends string, Value> {
  readonly name: Name;
  readonly about: Subject;
  readonly doc: string;
  readonly example: unknown;
  readonly schema: ValueSchema;
  readonly field?: RequestField;
  readonly lookup: Lookup;
  readonly parse: (value: unknown) => Parsed<Value>;
  /** Absent: nothing that can be read is wrong. */
  readonly refuse?: (value: Value) => string | null;
  readonly matches: Asked<Value>;
  readonly bars?: Asked<Value>;
}

/** Makes a dimension of any value type fit the one list. The casts are safe because values come from its own `parse`. */
export function defineDimension<const Name extends string, Value>(
  definition: Definition<Name, Value>,
): Dimension<Name> {
  const { matches, bars = matches, field = null, refuse } = definition;
  return {
    ...definition,
    field,
    refuse: (value) => refuse?.(value as Value) ?? null,
    matches: (values, context, zone) => matches(values as readonly Value[], context, zone),
    bars: (values, context, zone) => bars(values as readonly Value[], context, zone),
  };
}

/** A dimension of plain names: matches when the moment's name is one of the listed. `lookup`: where an index reads it elsewhere. */
export function nameDimension<const Name extends string>(
  definition: Omit<Definition<Name, string>, 'matches' | 'bars' | 'lookup' | 'schema'> & { readonly lookup?: Lookup },
  read: (context: Context) => string | null,
): Dimension<Name> {
  return defineDimension({
    lookup: lookupName(read),
    schema: { type: 'string' },
    ...definition,
    matches: (values, context) => isAnyOf(read(context), values),
  });
}

/** A dimension of names out of a field of the request that is its own: everything about it is in its one file. */
export function fieldDimension<const Name extends string>(
  definition: Omit<Definition<Name, string>, 'matches' | 'bars' | 'lookup' | 'schema'> & {
    readonly field: RequestField;
  },
): Dimension<Name> {
  return nameDimension(definition, ({ more }) => more[definition.name] ?? null);
}

const nothing: readonly string[] = [];
export const noDoubt = (): readonly string[] => nothing;

export function lookupName(read: (context: Context) => string | null, everybody: string | null = null): Lookup {
  const readAll = (context: Context): readonly string[] => {
    const name = read(context);
    return name === null ? nothing : [name];
  };
  return { by: 'name', read: readAll, doubt: noDoubt, everybody };
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
