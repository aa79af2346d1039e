import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Convert } from 'typebox/value';
import type { Wrong } from '../engines/http/problem.ts';

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

type Checked = { readonly value: unknown } | { readonly wrong: readonly Wrong[] };

const WRONG_MAX = 50;

/** A check made once per schema. `words`: the value came as text (a query, a path), so "20" may be a number. */
export function checkerOf(schema: TSchema, words: boolean): (value: unknown) => Checked {
  const compiled = Compile(schema);
  return (given) => {
    const value = words ? Convert(schema, given) : given;
    if (compiled.Check(value)) return { value };
    const faults = compiled.Errors(value) as unknown as readonly Fault[];
    return { wrong: wrongOf(faults) };
  };
}

/** One line per place. */
function wrongOf(faults: readonly Fault[]): readonly Wrong[] {
  const found = new Map<string, Wrong>();
  for (const { keyword, instancePath: at, params, message } of faults) {
    for (const wrong of placesOf(keyword, at, params, message)) found.set(wrong.pointer, wrong);
  }
  return [...found.values()].slice(0, WRONG_MAX);
}

function placesOf(
  keyword: string,
  at: string,
  params: Readonly<Record<string, unknown>>,
  message: string,
): readonly Wrong[] {
  const below = (names: unknown, detail: string) =>
    (names as readonly string[]).map((name) => ({ pointer: `${at}/${escaped(name)}`, detail }));
  if (keyword === 'required') return below(params.requiredProperties, 'is needed');
  if (keyword === 'additionalProperties') return below(params.additionalProperties, 'is not a known field');
  if (keyword === 'boolean') return [];
  if (keyword === 'enum') {
    return [{ pointer: at, detail: `must be one of ${(params.allowedValues as readonly unknown[]).join(', ')}` }];
  }
  // Another complaint of the same place says more.
  if (keyword === 'anyOf') return [];
  if (keyword === 'pattern') return [{ pointer: at, detail: `must match ${String(params.pattern)}` }];
  return [{ pointer: at, detail: message }];
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
