import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DeskWrite } from '../engines/catalog/desk.ts';
import { Problem } from '../engines/http/problem.ts';
import { parseBody } from '../engines/http/read-body.ts';
import type { Caller } from './access/caller.ts';
import { authenticate, demandScope, nobody } from './authenticate.ts';
import { checkerOf } from './check.ts';
import { earlierAnswer, fingerprint, keepAnswer } from './idempotency.ts';
import { limits } from './limits.ts';
import { keepLines, type Lines } from './lines/spool.ts';
import { type Form, readForm } from './media/form.ts';
import { discard } from './media/received.ts';
import { LINES, schemaOf } from './operation.ts';
import type { ManagementParts } from './parts.ts';
import type { RateLimits } from './rate-limit.ts';
import type { Answer, Ask, Route } from './route.ts';
import { closed } from './shapes.ts';

const nothing = closed({});

/** Gives the server one route: who may, what is asked, the answer with its ETag and Location. */
export function mount(app: FastifyInstance, spec: Route, parts: ManagementParts, rates: RateLimits): void {
  const checks = {
    params: checkerOf(spec.params ?? nothing, true),
    query: checkerOf(spec.query ?? nothing, true),
    body: spec.body && spec.lines !== 'asked' ? checkerOf(spec.body, false) : null,
    form: spec.body && spec.files === true ? checkerOf(spec.body, true) : null,
  };
  const status = spec.status ?? (spec.answer ? 200 : 204);
  app.route({
    method: spec.method,
    url: spec.path,
    ...(spec.lines === 'asked' ? { bodyLimit: limits.importBytes } : {}),
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
      const lines = spec.lines === 'asked' ? await linesOf(request) : null;
      try {
        const answer = await spec.handle(askOf(request, lines, form, caller), parts);
        if (answer.version !== undefined) reply.header('etag', `"${answer.version}"`);
        if (answer.location !== undefined) reply.header('location', answer.location);
        if (answer.headers !== undefined) reply.headers(answer.headers);
        reply.header('cache-control', 'no-store').code(answer.status ?? status);
        if (answer.lines !== undefined) return reply.type(LINES).send(answer.lines);
        if (answer.file) {
          reply.header('content-disposition', `attachment; filename="${answer.file.name}"`);
          return reply.type(answer.file.type).send(answer.file.bytes);
        }
        if (answer.body === undefined) return reply.send();
        return reply.type('application/json; charset=utf-8').send(answer.body);
      } finally {
        await lines?.remove();
        // What came and was not kept goes with the request.
        if (form?.file) await discard(form.file);
      }
    },
  });

  function askOf(
    request: FastifyRequest,
    lines: Lines | null,
    form: Form | null,
    caller: Caller,
  ): Ask<unknown, unknown, unknown> {
    const of = { request, lines, organisation: caller.organisation };
    const { params, query } = request;
    const body = form === null ? request.body : form.fields;
    const asked = { ...checks, body: form === null ? checks.body : checks.form };
    return {
      ...checkAll({ params, query, body: lines === null ? body : undefined }, asked),
      caller,
      lines,
      file: form?.file ?? null,
      ifMatch: ifMatchOf(request, spec),
      ...transactions(of, spec, parts, status),
    } as Ask<unknown, unknown, unknown>;
  }
}

/** Kept whole before anything else is done, so that no transaction waits for a slow caller. */
async function linesOf({ body }: FastifyRequest): Promise<Lines> {
  const { importBytes: bytes, importLineBytes: lineBytes } = limits;
  return await keepLines(body instanceof Readable ? body : Readable.from([]), { bytes, lineBytes });
}

interface Checks {
  readonly params: ReturnType<typeof checkerOf>;
  readonly query: ReturnType<typeof checkerOf>;
  readonly body: ReturnType<typeof checkerOf> | null;
}

function checkAll(request: Pick<FastifyRequest, 'params' | 'query' | 'body'>, checks: Checks) {
  for (const part of [request.params, request.query, request.body]) refuseUnwritable(part);
  return {
    // An id that cannot be one is of nothing: as for any other that is not there.
    params: passed(checks.params(request.params), 404),
    query: passed(checks.query(request.query), 400),
    body: checks.body === null ? undefined : passed(checks.body(request.body ?? {}), 400),
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

/** One line of a body of lines. Throws Problem 400 for what is not JSON, lies too deep or cannot be written. */
export function parseLine(bytes: Buffer): unknown {
  const value = parseBody(bytes, limits.bodyLevels);
  refuseUnwritable(value);
  return value;
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

interface Asked {
  readonly request: FastifyRequest;
  readonly lines: Lines | null;
  readonly organisation: string;
}

function transactions({ request, lines, organisation }: Asked, spec: Route, { desk }: ManagementParts, status: number) {
  const key = spec.method === 'POST' ? keyOf(request, spec) : null;
  return {
    read: <T>(work: (sql: DeskWrite) => Promise<T>, fresh?: 'fresh') =>
      desk.read(organisation, work as never, fresh) as Promise<T>,
    write: (work: (sql: DeskWrite) => Promise<Answer<unknown>>) =>
      desk.write(organisation, async (sql) => {
        if (key === null) return await work(sql);
        const asked = fingerprint(request.method, request.url, lines?.sha256.toString('hex') ?? request.body);
        const earlier = await earlierAnswer(sql, key, asked);
        if (earlier) return earlier;
        const answer = await work(sql);
        await keepAnswer(sql, key, asked, { status, ...answer });
        return answer;
      }),
  };
}

/** Throws Problem 400 where the key cannot be read, and where no answer is kept for it: nobody is to rely on it. */
function keyOf(request: FastifyRequest, { toldOnce, keptWith }: Route): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  const title = 'No Idempotency-Key here';
  if (toldOnce === true || request.isMultipart()) {
    throw new Problem(
      400,
      title,
      'what is told once, what a viewer is, and what comes with a file is not kept for a repetition',
    );
  }
  if (keptWith !== undefined && (request.body as Readonly<Record<string, unknown>> | null)?.[keptWith] !== true) {
    const detail = 'must be true with an Idempotency-Key: no other answer is kept for a repetition';
    throw new Problem(400, title, `/${keptWith} ${detail}`, [{ pointer: `/${keptWith}`, detail }]);
  }
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem(400, 'Invalid Idempotency-Key', 'expected 1 to 255 visible characters');
}
