import Type, { type TSchema } from 'typebox';
import { exampleOf, problemExample } from './examples.ts';
import type { Route } from './route.ts';
import { problem } from './shapes.ts';

export const LINES = 'application/x-ndjson';
const always: readonly number[] = [400, 401, 403, 429, 503];

/** What the OpenAPI document says of the route: its headers, its bodies with examples, and every refusal that it may answer. */
export function schemaOf(spec: Route, status: number): object {
  const refusals = new Set([
    ...always,
    ...(spec.params ? [404] : []),
    ...(spec.body ? [413] : []),
    ...(takesKey(spec) && spec.scope !== null ? [422] : []),
    ...(spec.scope !== null && spec.method !== 'GET' ? [409] : []),
    ...(spec.versioned ? [412] : []),
    ...(spec.versioned === true ? [428] : []),
    ...(spec.refuses ?? []),
  ]);
  const responses: Record<number, object> = { [status]: { ...answerOf(spec), headers: toldHeaders(spec, status) } };
  for (const each of refusals) {
    const told = { ...problem, examples: [problemExample(each)] };
    const later = each === 429 || each === 503 ? { headers: { 'Retry-After': retryAfter } } : {};
    responses[each] = { description: 'refused', content: { 'application/problem+json': { schema: told } }, ...later };
  }
  return {
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.params ? { params: spec.params } : {}),
    ...(spec.query ? { querystring: spec.query } : {}),
    ...askedHeaders(spec),
    ...(spec.body ? { body: bodyOf(spec, spec.body) } : {}),
    response: responses,
    security: spec.scope === null ? [] : [{ key: [] }, { header: [] }],
    ...(spec.scope === null
      ? {}
      : { description: spec.scope === 'any' ? 'Any key or login.' : `Scope: ${spec.scope}.` }),
  };
}

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
const number = (description: string) => ({ type: 'integer', description });

const ifMatch = text('The version that you change: the ETag of a read, or * for any.', {
  pattern: '^(\\*|"\\d{1,15}")$',
  examples: ['"3"'],
});
const idempotencyKey = text(
  'Sent again with the same request within 24 hours: the same answer, and nothing is changed.',
  {
    pattern: '^[\\x21-\\x7e]{1,255}$',
    examples: ['order-7'],
  },
);
const retryAfter = number('seconds');

function takesKey({ method, toldOnce }: Route): boolean {
  return method === 'POST' && toldOnce !== true;
}

function keyTold({ keptWith }: Route): object {
  if (keptWith === undefined) return idempotencyKey;
  const { description, ...rest } = idempotencyKey;
  return text(`${description} Only with ${keptWith}: no other answer is kept, and a key is refused with 400.`, rest);
}

function askedHeaders(spec: Route): object {
  const properties = {
    ...(spec.versioned === undefined ? {} : { 'If-Match': ifMatch }),
    ...(takesKey(spec) ? { 'Idempotency-Key': keyTold(spec) } : {}),
  };
  if (Object.keys(properties).length === 0) return {};
  const required = spec.versioned === true ? ['If-Match'] : [];
  return { headers: { type: 'object', properties, required } };
}

/** Of an answer that is no refusal. */
function toldHeaders({ scope, answer, params, method }: Route, status: number): object {
  const isOne = answer !== undefined && (params !== undefined || method === 'POST');
  return {
    ...(isOne ? { ETag: text('The version, where what is answered has one: "3".') } : {}),
    ...(status === 201 ? { Location: text('Where what was made is read.') } : {}),
    ...(scope === null
      ? {}
      : {
          'RateLimit-Limit': number('requests a minute'),
          'RateLimit-Remaining': number('of them are left'),
          'RateLimit-Reset': number('seconds until all of them are again'),
        }),
  };
}

function bodyOf({ lines, example, files }: Route, body: TSchema): object {
  const schema = { ...body, examples: [example ?? exampleOf(body, '', 'needed')] };
  if (lines === 'asked') return { content: { [LINES]: { schema } } };
  if (files !== true) return schema;
  return { content: { 'application/json': { schema }, 'multipart/form-data': { schema: formOf(body) } } };
}

/** The same fields as text, with the file beside them. */
function formOf(body: TSchema & { readonly properties?: object }): object {
  const file = { type: 'string', contentMediaType: 'video/mp4', description: 'the file itself' };
  const example = { ...(exampleOf(body, '', 'needed') as object), file: '(bytes)' };
  return { ...body, properties: { ...body.properties, file }, examples: [example] };
}

function answerOf({ answer, lines }: Route): object {
  if (!answer) return Type.Null({ description: 'done' });
  const schema = { ...answer, examples: [exampleOf(answer)] };
  return lines === 'answered' ? { description: 'one a line', content: { [LINES]: { schema } } } : schema;
}
