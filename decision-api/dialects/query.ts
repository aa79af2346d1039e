import { invalid } from '../asking/pod-rules.ts';
import type { AdRequestBody } from '../routes/ad-request-schema.ts';
import { type Kind, type Parameter, parameters, unread } from './parameters.ts';

export interface ReadQuery {
  readonly body: AdRequestBody;
  /** Parameters of the answer, by name. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** Names that nobody reads. */
  readonly unknown: readonly string[];
}

type Query = Readonly<Record<string, unknown>>;

/** The body that a query says. Throws Problem 400 for a value of the wrong kind; a macro that nobody filled in is no value. */
export function readQuery(query: Query): ReadQuery {
  const body: Record<string, unknown> = {};
  const answer: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const given = givenIn(query, parameter);
    if (given === null) continue;
    const value = read(given.text, parameter.kind);
    if (value === undefined) throw invalid(`/${given.name}`, expected[parameter.kind]);
    if (parameter.at === null) answer[parameter.name] = value;
    else put(body, parameter.at.split('.'), value);
  }
  const unknown = Object.keys(query).filter((name) => !names.has(name) && !unread.has(name));
  return { body: body as AdRequestBody, answer, unknown };
}

const names: ReadonlySet<string> = new Set(parameters.flatMap(({ name, also }) => [name, ...also]));

const expected: Readonly<Record<Kind, string>> = {
  text: 'must be text',
  whole: 'must be a number; of seconds, the whole ones count',
  number: 'must be a number',
  flag: 'must be 1, 0, true or false',
  milliseconds: 'must be a number of milliseconds',
  list: 'must be a list with commas between',
  wholes: 'must be whole numbers with commas between',
};

function givenIn(query: Query, { name, also }: Parameter): { readonly name: string; readonly text: string } | null {
  for (const each of [name, ...also]) {
    const given = Object.hasOwn(query, each) ? query[each] : undefined;
    const text = Array.isArray(given) ? given[0] : given;
    if (typeof text === 'string' && text !== '' && !isUnfilled(text)) return { name: each, text };
  }
  return null;
}

/**
 * A macro that nobody filled in: `[session.id]`, `%%CACHEBUSTER%%`, `${X}`, `{{x}}`, `ROKU_ADS_TRACKING_ID`; and VAST's words for unknown
 * (-1) and withheld (-2).
 */
export function isUnfilled(text: string): boolean {
  return /^(\[[^\]]*\]|%%[^%]*%%|\$\{[^}]*\}|\{\{[^}]*\}\}|ROKU_ADS_[A-Z_]+|-1|-2)$/.test(text);
}

function read(text: string, kind: Kind): unknown {
  if (kind === 'text') return text;
  if (kind === 'list') return text.split(',').map((each) => each.trim());
  if (kind === 'wholes') return /^\d{1,4}(,\d{1,4}){0,49}$/.test(text) ? text.split(',').map(Number) : undefined;
  if (kind === 'flag') return /^(1|true|yes)$/i.test(text) ? true : /^(0|false|no)$/i.test(text) ? false : undefined;
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text)) return undefined;
  const number = Number(text);
  if (kind === 'number') return number;
  return Math.floor(kind === 'milliseconds' ? number / 1000 : number);
}

/** What was said first stays. */
function put(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) into[first] ??= value;
  else {
    const inner = (into[first] ?? {}) as Record<string, unknown>;
    into[first] = inner;
    put(inner, rest, value);
  }
}

/** The same query without what is said under these names, whatever callers call it, and with something else instead. */
export function queryWith(query: Query, without: readonly string[], instead: Readonly<Record<string, string>>): string {
  const dropped = new Set(parameters.flatMap(({ name, also }) => (without.includes(name) ? [name, ...also] : [])));
  const kept = Object.entries(query).flatMap(([name, given]): [string, string][] => {
    const text = Array.isArray(given) ? given[0] : given;
    return dropped.has(name) || typeof text !== 'string' ? [] : [[name, text.toWellFormed()]];
  });
  return new URLSearchParams([...kept, ...Object.entries(instead)]).toString();
}
