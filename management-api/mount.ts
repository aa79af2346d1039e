import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { DeskWrite } from '../engines/catalog/desk.ts';
import { Problem } from '../engines/http/problem.ts';
import type { Received } from '../engines/media/media-store.ts';
import { authenticate, demandScope, nobody } from './authenticate.ts';
import { checkerOf } from './check.ts';
import { earlierAnswer, fingerprint, keepAnswer } from './idempotency.ts';
import { type Form, readForm } from './media/form.ts';
import { discard } from './media/received.ts';
import type { ManagementParts } from './parts.ts';
import type { RateLimits } from './rate-limit.ts';
import type { Answer, Ask, Route } from './route.ts';
import { closed, problem } from './shapes.ts';

const nothing = closed({});
const always: readonly number[] = [400, 401, 403, 429, 503];

/** Gives the server one route: who may, what is asked, the answer with its ETag and Location. */
export function mount(app: FastifyInstance, spec: Route, parts: ManagementParts, rates: RateLimits): void {
  const checks = {
    params: checkerOf(spec.params ?? nothing, true),
    query: checkerOf(spec.query ?? nothing, true),
    body: spec.body ? checkerOf(spec.body, false) : null,
    form: spec.body && spec.files === true ? checkerOf(spec.body, true) : null,
  };
  const status = spec.status ?? (spec.answer ? 200 : 204);
  app.route({
    method: spec.method,
    url: spec.path,
    schema: schemaOf(spec, status),
    // Checked below, where the answer can say each place that is wrong.
    validatorCompiler: () => () => true,
    serializerCompiler: () => (value) => JSON.stringify(value),
    handler: async (request, reply) => {
      const caller = spec.scope === null ? nobody : await authenticate(request, parts, rates);
      if (spec.limitedAsLogin) await rates.login(request);
      if (spec.scope !== null) {
        reply.headers(await rates.caller(request, caller));
        if (spec.scope !== 'any') demandScope(caller, spec.scope);
      }
      const form = checks.form !== null && request.isMultipart() ? await readForm(request, parts) : null;
      const file = form?.file ?? null;
      const answer = await handled(async () => {
        const ask = {
          ...checkAll(request, checks, form),
          file,
          caller,
          ifMatch: ifMatchOf(request, spec),
          ...transactions(request, spec, parts, caller.organisation, status),
        };
        return await spec.handle(ask as Ask<unknown, unknown, unknown>, parts);
      }, file);
      if (answer.version !== undefined) reply.header('etag', `"${answer.version}"`);
      if (answer.location !== undefined) reply.header('location', answer.location);
      reply.header('cache-control', 'no-store').code(answer.status ?? status);
      if (answer.file) {
        reply.header('content-disposition', `attachment; filename="${answer.file.name}"`);
        return reply.type(answer.file.type).send(answer.file.bytes);
      }
      return answer.body === undefined ? reply.send() : reply.type('application/json; charset=utf-8').send(answer.body);
    },
  });
}

/** What came with the request and was not kept goes with it. */
async function handled<T>(handle: () => Promise<T>, file: Received | null): Promise<T> {
  try {
    return await handle();
  } finally {
    if (file) await discard(file);
  }
}

interface Checks {
  readonly params: ReturnType<typeof checkerOf>;
  readonly query: ReturnType<typeof checkerOf>;
  readonly body: ReturnType<typeof checkerOf> | null;
  /** The same of a form, whose fields are all texts. */
  readonly form: ReturnType<typeof checkerOf> | null;
}

function checkAll(request: FastifyRequest, checks: Checks, form: Form | null) {
  const body = form === null ? request.body : form.fields;
  const check = form === null ? checks.body : checks.form;
  for (const part of [request.params, request.query, body]) refuseUnwritable(part);
  return {
    // An id that cannot be one is of nothing: as for any other that is not there.
    params: passed(checks.params(request.params), 404),
    query: passed(checks.query(request.query), 400),
    body: check === null ? undefined : passed(check(body ?? {}), 400),
  };
}

/** PostgreSQL holds no NUL, and JSON may carry halves of a character that UTF-8 cannot. Throws Problem 400. */
function refuseUnwritable(value: unknown, at = ''): void {
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
    throw new Problem(400, 'Invalid text', `${at || 'a text'} holds NUL or half a character`, [
      { pointer: at, detail: 'must be text without NUL and without lone surrogates' },
    ]);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    refuseUnwritable(name, at);
    refuseUnwritable(inner, `${at}/${name}`);
  }
}

function passed(checked: ReturnType<ReturnType<typeof checkerOf>>, status: 400 | 404): unknown {
  if ('value' in checked) return checked.value;
  if (status === 404) throw new Problem(404, 'Not found', 'there is nothing of this id');
  const detail = checked.wrong.map((wrong) => `${wrong.pointer || 'the body'} ${wrong.detail}`).join('; ');
  throw new Problem(400, 'Invalid request', detail.slice(0, 2_000), checked.wrong);
}

/** Null: any version will do. Throws Problem 428 where a version is needed, 400 where it cannot be read. */
function ifMatchOf({ headers }: FastifyRequest, spec: Route): number | null {
  if (spec.versioned === undefined) return null;
  const given = headers['if-match'];
  if (given === undefined && spec.versioned === 'optional') return null;
  if (given === undefined) {
    throw new Problem(428, 'If-Match is needed', 'name the version that you change, as its ETag; * for any');
  }
  if (given === '*') return null;
  const version = /^"(\d{1,15})"$/.exec(given)?.[1];
  if (version === undefined) throw new Problem(400, 'Invalid If-Match', 'expected an ETag that a read gave: "3"');
  return Number(version);
}

function transactions(
  request: FastifyRequest,
  spec: Route,
  { desk }: ManagementParts,
  organisation: string,
  status: number,
) {
  const key = spec.method === 'POST' && spec.toldOnce !== true ? keyOf(request) : null;
  return {
    read: <T>(work: (sql: DeskWrite) => Promise<T>, fresh?: 'fresh') =>
      desk.read(organisation, work as never, fresh) as Promise<T>,
    write: (work: (sql: DeskWrite) => Promise<Answer<unknown>>) =>
      desk.write(organisation, async (sql) => {
        if (key === null) return await work(sql);
        const asked = fingerprint(request.method, request.url, request.body);
        const earlier = await earlierAnswer(sql, key, asked);
        if (earlier) return earlier;
        const answer = await work(sql);
        await keepAnswer(sql, key, asked, { status, ...answer });
        return answer;
      }),
  };
}

function keyOf({ headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem(400, 'Invalid Idempotency-Key', 'expected 1 to 255 visible characters');
}

/** What the OpenAPI document says of the route. */
function schemaOf(spec: Route, status: number): object {
  const refusals = [
    ...always,
    ...(spec.params ? [404] : []),
    ...(spec.versioned ? [412] : []),
    ...(spec.versioned === true ? [428] : []),
    ...(spec.refuses ?? []),
  ];
  const responses: Record<number, TSchema> = { [status]: spec.answer ?? Type.Null({ description: 'done' }) };
  for (const each of refusals) responses[each] = problem;
  return {
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.params ? { params: spec.params } : {}),
    ...(spec.query ? { querystring: spec.query } : {}),
    ...(spec.body ? { body: spec.body } : {}),
    response: responses,
    security: spec.scope === null ? [] : [{ key: [] }],
    ...(spec.scope === null
      ? {}
      : { description: spec.scope === 'any' ? 'Any key or login.' : `Scope: ${spec.scope}.` }),
  };
}
