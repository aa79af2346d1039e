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

/** One line per place. Which kinds a place takes says the least: it is told only where nothing else is, there or below. */
function wrongOf(faults: readonly Fault[]): readonly Wrong[] {
  const isOfKind = ({ keyword }: Fault) => keyword === 'type';
  const kinds = Map.groupBy(faults.filter(isOfKind), ({ instancePath }) => instancePath);
  const others = faults.filter((fault) => !isOfKind(fault)).flatMap(placesOf);
  const places = others.map(({ pointer }) => pointer);
  const said = new Set([...places, ...[...places, ...kinds.keys()].flatMap(placesAbove)]);
  const found = new Map<string, Wrong>();
  for (const fault of faults) {
    const { instancePath: pointer } = fault;
    const taken = kinds.get(pointer)?.map(({ params }) => String(params.type)) ?? [];
    const ofKind = said.has(pointer) ? [] : [{ pointer, detail: `must be ${orList(taken)}` }];
    for (const wrong of isOfKind(fault) ? ofKind : placesOf(fault)) found.set(wrong.pointer, wrong);
  }
  return [...found.values()].slice(0, WRONG_MAX);
}

/** Of "/a/0/b": "", "/a", "/a/0". */
function placesAbove(pointer: string): string[] {
  const names = pointer.split('/');
  return names.slice(1).map((_, depth) => names.slice(0, depth + 1).join('/'));
}

function orList(kinds: readonly string[]): string {
  const last = kinds.at(-1) ?? '';
  return kinds.length < 2 ? last : `${kinds.slice(0, -1).join(', ')} or ${last}`;
}

function placesOf({ keyword, instancePath: at, params, message }: Fault): readonly Wrong[] {
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
