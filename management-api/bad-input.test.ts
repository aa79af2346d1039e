import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKey } from './access/keys.ts';
import { scopesOf } from './access/roles.ts';
import type { Route } from './route.ts';
import { routes } from './routes/index.ts';
import { openTestDesk, type TestDesk } from './test-desk.ts';

let desk: TestDesk;
let key: string;

beforeAll(async () => {
  desk = await openTestDesk();
  const { random } = desk.parts;
  const wanted = { name: 'bad', scopes: scopesOf.admin, expiresAt: null, createdBy: null, requestsInMinute: 1_000_000 };
  key = await desk.parts.desk.write(await desk.organisation('Ours'), (sql) =>
    createKey(sql, { id: random.uuid(), ...wanted }),
  );
});

afterAll(() => desk?.close());

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: boolean | Schema;
}

/** One value that cannot be right, at its place in an otherwise empty body. */
interface Case {
  readonly pointer: string;
  readonly body: unknown;
  readonly what: string;
}

/** Fields of any kind, which a route checks by itself. */
const checkedElsewhere = new Set<string>();

type Put = (value: unknown) => unknown;

/** Every field of a body, each with values that its schema has to refuse; `unbounded`: fields that any amount of text or number fits. */
function casesOf(schema: Schema, pointer: string, put: Put, unbounded: string[]): Case[] {
  const bad = (what: string, value: unknown, at = pointer): Case => ({ pointer: at, body: put(value), what });
  const branches = schema.anyOf?.filter(({ type }) => type !== 'null');
  if (branches?.length === 1 && branches[0]) return casesOf(branches[0], pointer, put, unbounded);
  if (branches) return [bad('none of the kinds', { nonsense: 1 })];
  if (schema.enum) return [bad('an unknown word', 'nonsense'), bad('a number', 7)];
  if (schema.type === 'string') {
    const ends = schema.maxLength ?? (schema.pattern !== undefined && !/[*+]|,\}/.test(schema.pattern) ? 100 : null);
    if (ends === null) unbounded.push(pointer);
    return [
      bad('a number', 7),
      ...(schema.pattern === undefined ? [] : [bad('a control character', 'a\u0007b')]),
      bad('too long', 'x'.repeat((ends ?? 0) + 1)),
    ];
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    if (schema.maximum === undefined || schema.minimum === undefined) unbounded.push(pointer);
    const least = schema.minimum === undefined ? [] : [bad('too small', schema.minimum - 1)];
    const most = schema.maximum === undefined ? [] : [bad('too large', schema.maximum * 2 + 2)];
    return [bad('text', 'many'), ...least, ...most, ...(schema.type === 'integer' ? [bad('a fraction', 1.5)] : [])];
  }
  if (schema.type === 'boolean') return [bad('a word', 'yes')];
  if (schema.type === 'array') {
    if (schema.maxItems === undefined) unbounded.push(pointer);
    const many = schema.maxItems === undefined ? [] : [bad('too many', Array(schema.maxItems + 1).fill(null))];
    return [
      bad('no list', 'x'),
      ...many,
      ...casesOf(schema.items ?? {}, `${pointer}/0`, (one) => put([one]), unbounded),
    ];
  }
  if (schema.type !== 'object') {
    if (schema.const === undefined) checkedElsewhere.add(pointer);
    return [];
  }
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
    casesOf(one, `${pointer}/${name}`, (value) => put({ [name]: value }), unbounded),
  );
  const unknown =
    schema.additionalProperties === false ? [bad('an unknown field', { nonsense: 1 }, `${pointer}/nonsense`)] : [];
  return [...(pointer === '' ? [] : [bad('no object', 7)]), ...unknown, ...inner];
}

const writing = routes.filter((route) => route.body !== undefined && route.lines === undefined);

const nobody = '01a21e27-2e7b-79a0-ba9d-3231fc302444';

let sent = 0;

async function send(route: Route, body: unknown) {
  const path = route.path.replaceAll(/:\w+/g, nobody);
  // Logins are counted by address.
  const from = `10.1.${(++sent >> 8) & 255}.${sent & 255}`;
  return await desk.ask(key, route.method, path, body, { 'if-match': '*', 'x-forwarded-for': from });
}

test.each(writing.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s refuses each field that is wrong, with its place',
  async (_, route) => {
    const unbounded: string[] = [];
    const cases = casesOf(route.body as Schema, '', (value) => value, unbounded);
    expect(cases.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const { pointer, body, what } of cases) {
      const answer = await send(route, body);
      const told = (answer.body.errors ?? []).map((each) => each.pointer);
      const isTold = told.some((each) => each === pointer || each.startsWith(`${pointer}/`));
      const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
      // Who does as that says takes a limit away instead of setting it.
      const saysNull = (answer.body.errors ?? []).some(({ detail }) => detail === 'must be null');
      if (answer.status !== 400 || !isTold || !isProblem || saysNull)
        wrong.push(`${pointer}: ${what} -> ${answer.status} ${told.join(' ')}${saysNull ? ' must be null' : ''}`);
    }
    expect(wrong).toEqual([]);
    expect(unbounded).toEqual([]);
  },
  120_000,
);

test('what a field may be is told with what its values are, with all kinds that it takes, or with what is wrong inside it', async () => {
  const routeOf = (path: string) =>
    writing.find((one) => one.path === path && (one.method === 'PATCH' || one.method === 'POST')) as Route;
  const detailsOf = async (path: string, body: object) =>
    (await send(routeOf(path), body)).body.errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
  const campaign = '/api/v2/campaigns/:id';
  expect(await detailsOf(campaign, { total_budget_micros: 0 })).toEqual(['/total_budget_micros must be >= 1']);
  expect(await detailsOf(campaign, { total_budget_micros: '5' })).toEqual([
    '/total_budget_micros must be integer or null',
  ]);
  const curve = [
    { flight: 0, plan: 2 },
    { flight: 1, plan: 1 },
  ];
  expect(await detailsOf(campaign, { pacing_curve: curve })).toEqual(['/pacing_curve/0/plan must be <= 1']);
  expect(await detailsOf('/api/v1/campaigns/:id', { budget_total: {} })).toEqual([
    '/budget_total must be number, string or null',
  ]);
  expect(await detailsOf('/api/v1/campaigns/:id', { budget_total: -1 })).toEqual(['/budget_total must be >= 0']);
});

test('only values of targeting are described by no schema: their dimensions check them', () => {
  expect([...checkedElsewhere].sort()).toEqual(['/conditions/0/values/0', '/rules/0/conditions/0/values/0']);
});
