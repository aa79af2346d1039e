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

/**
 * The body that a query says in these parameters. Throws Problem 400 for a value of the wrong kind; a macro that nobody filled in is no
 * value.
 */
export function readQuery(query: Query, which: readonly Parameter[] = parameters): ReadQuery {
  const body: Record<string, unknown> = {};
  const answer: Record<string, unknown> = {};
  for (const parameter of which) {
    const value = valueIn(query, parameter);
    if (value === undefined) continue;
    if (parameter.at === null) answer[parameter.name] = value;
    else put(body, parameter.at.split('.'), value);
  }
  const unknown = Object.keys(query).filter((name) => !names.has(name) && !unread.has(name));
  return { body: body as AdRequestBody, answer, unknown };
}

const ofConsent = parameters.filter(({ at }) => at?.startsWith('consent.'));

/** What a query says of consent, whatever else it says. Throws Problem 400. */
export function readConsent(query: Query): AdRequestBody['consent'] {
  return readQuery(query, ofConsent).body.consent;
}

const names: ReadonlySet<string> = new Set(parameters.flatMap(({ name, also }) => [name, ...also]));

const yesOrNo = 'must be 1, 0, true or false';
const expected: Readonly<Record<Kind, string>> = {
  text: 'must be text',
  whole: 'must be a number; of seconds, the whole ones count',
  number: 'must be a number',
  flag: yesOrNo,
  anyOf: yesOrNo,
  allOf: yesOrNo,
  refusal: yesOrNo,
  milliseconds: 'must be a number of milliseconds',
  list: 'must be a list with commas between',
  wholes: 'must be whole numbers with commas between',
};

/** What is made of all that is said under the names of one parameter. */
const together: Partial<Readonly<Record<Kind, (said: readonly unknown[]) => boolean | undefined>>> = {
  anyOf: (said) => said.includes(true),
  allOf: (said) => !said.includes(false),
  refusal: (said) => (said.includes(true) ? false : undefined),
};

/** Undefined: not said. Throws Problem 400. */
function valueIn(query: Query, parameter: Parameter): unknown {
  const given = givenIn(query, parameter);
  const ofAll = together[parameter.kind];
  const said = (ofAll ? given : given.slice(0, 1)).map(({ name, text }) => {
    const value = read(text, parameter.kind);
    if (value === undefined) throw invalid(`/${name}`, expected[parameter.kind]);
    return value;
  });
  return ofAll && said.length > 0 ? ofAll(said) : said[0];
}

/** Under each name what was said first, before what was said again. */
function givenIn(query: Query, { name, also }: Parameter): readonly { readonly name: string; readonly text: string }[] {
  return [name, ...also].flatMap((each) =>
    textsOf(Object.hasOwn(query, each) ? query[each] : undefined).flatMap((text) =>
      text === '' || isUnfilled(text) || isLatitude(each, text) ? [] : [{ name: each, text }],
    ),
  );
}

function textsOf(given: unknown): readonly string[] {
  return [given].flat().filter((text) => typeof text === 'string');
}

/**
 * A macro that nobody filled in: `[session.id]`, `%%CACHEBUSTER%%`, `${X}`, `{{x}}`, `ROKU_ADS_TRACKING_ID`; and VAST's words for unknown
 * (-1) and withheld (-2).
 */
export function isUnfilled(text: string): boolean {
  return /^(\[[^\]]*\]|%%[^%]*%%|\$\{[^}]*\}|\{\{[^}]*\}\}|ROKU_ADS_[A-Z_]+|-1|-2)$/.test(text);
}

/** `lat` is "limit ad tracking" to some and a latitude to others. */
function isLatitude(name: string, text: string): boolean {
  return name === 'lat' && yesOrNoIn(text) === undefined;
}

function read(text: string, kind: Kind): unknown {
  if (kind === 'text') return text;
  if (kind === 'list') return text.split(',').map((each) => each.trim());
  if (kind === 'wholes') return /^\d{1,4}(,\d{1,4}){0,49}$/.test(text) ? text.split(',').map(Number) : undefined;
  if (kind === 'flag' || together[kind]) return yesOrNoIn(text);
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text)) return undefined;
  const number = Number(text);
  if (kind === 'number') return number;
  return Math.floor(kind === 'milliseconds' ? number / 1000 : number);
}

function yesOrNoIn(text: string): boolean | undefined {
  return /^(1|true|yes)$/i.test(text) ? true : /^(0|false|no)$/i.test(text) ? false : undefined;
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
  const kept = Object.entries(query).flatMap(([name, given]): [string, string][] =>
    dropped.has(name) ? [] : textsOf(given).map((text) => [name, text.toWellFormed()]),
  );
  return new URLSearchParams([...kept, ...Object.entries(instead)]).toString();
}
