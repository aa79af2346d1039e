import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { Problem, type Wrong } from './problem.ts';
import { type AdRequestParts, adRequestRoute } from './routes/ad-request.ts';
import { beaconRoutes } from './routes/beacons.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';

export interface AppParts extends AdRequestParts {
  readonly logger: Logger;
  readonly readiness: () => Readiness;
}

/** The HTTP server with every route; it does not listen yet. */
export function buildApp(parts: AppParts): FastifyInstance {
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // Wrong types are refused, never bent into shape; unknown fields are answered in `warnings`.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true } },
    routerOptions: { maxParamLength: 100 },
  });
  readBodiesAsJson(app);
  answerProblems(app, parts.metrics, parts.logger);
  adRequestRoute(app, parts);
  beaconRoutes(app, parts);
  healthRoutes(app, parts.metrics, parts.readiness);
  return app;
}

/** Whatever the content type says: players send text/plain or nothing. Invalid UTF-8 is refused, not repaired. */
function readBodiesAsJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    let text: string;
    try {
      text = decoder.decode(body);
    } catch {
      done(new Problem(400, 'Not UTF-8', 'the body is not valid UTF-8'));
      return;
    }
    parseJson(request, text, done);
  });
}

function answerProblems(app: FastifyInstance, metrics: Metrics, logger: Logger): void {
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.status >= 500) logger.error({ err: error, url: request.routeOptions.url }, problem.message);
    if (problem.status !== 409) countRefusal(problem, request, metrics);
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new Problem(404, 'Not found', `there is no ${request.method} of this path`)),
  );
}

function countRefusal(problem: Problem, request: FastifyRequest, metrics: Metrics): void {
  metrics.badRequests.inc({ problem: problem.title });
  if (request.routeOptions.url !== '/api/v2/ad-request') return;
  metrics.requests.inc({
    outcome: problem.status === 413 ? 'too_large' : problem.status < 500 ? 'bad_request' : 'error',
  });
}

function problemOf(error: FastifyError | Problem, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const errors = error.validation.map(wrongOf);
    const detail = errors.map(({ pointer, detail: each }) => `${pointer || 'the body'} ${each}`).join('; ');
    return new Problem(400, 'Invalid request', detail, errors);
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return new Problem(413, 'Body too large', `at most ${limits.bodyBytes} bytes are read`);
  if (status === 400 && request.method === 'POST') return new Problem(400, 'Not JSON', 'the body is not valid JSON');
  if (status < 500) return new Problem(status, 'Invalid request', error.message);
  return new Problem(500, 'Internal error', 'something went wrong here; it has been logged');
}

interface Invalid {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Record<string, unknown>;
  readonly message?: string;
}

function wrongOf({ instancePath, keyword, params, message }: Invalid): Wrong {
  const missing = keyword === 'required' ? `/${String(params.missingProperty)}` : '';
  return { pointer: `${instancePath}${missing}`, detail: missing === '' ? (message ?? 'is wrong') : 'is needed' };
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.status === 503) reply.header('retry-after', '2');
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
