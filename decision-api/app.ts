import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../engines/clock.ts';
import { Problem, type Wrong } from '../engines/http/problem.ts';
import { readBodiesAsJson } from '../engines/http/read-body.ts';
import type { Readiness } from '../engines/process-metrics.ts';
import type { AdRequestParts } from './answer-request.ts';
import { answerOrigins } from './http/cors.ts';
import { forwardRoutes } from './http/forward.ts';
import { answerNotHttp } from './http/not-http.ts';
import { cutSlowRequests } from './http/slow-requests.ts';
import { limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { adRequestRoute } from './routes/ad-request.ts';
import { type BeaconParts, beaconRoutes } from './routes/beacons.ts';
import { conversionRoutes } from './routes/conversions.ts';
import { demoPageRoutes } from './routes/demo-page.ts';
import { explainRoute } from './routes/explain.ts';
import { healthRoutes } from './routes/health.ts';
import { openRtbRoute } from './routes/openrtb.ts';
import { playerRoutes } from './routes/players.ts';
import { v1AdRequestRoute } from './routes/v1-ad-request.ts';
import { v1ImpressionRoute } from './routes/v1-impression.ts';

export interface AppParts extends AdRequestParts, BeaconParts {
  readonly readiness: () => Readiness;
  /** Where management answers, for what is its own; null: it is not told of. */
  readonly managementUrl: (() => string | null) | null;
}

/** The HTTP server with every route; it does not listen yet. */
export function buildApp(parts: AppParts): FastifyInstance {
  const { metrics, logger } = parts;
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    // Whoever sends half a request is cut off: Node looks every second.
    requestTimeout: parts.managementUrl === null ? limits.requestMs : limits.forwardMs,
    http: { headersTimeout: limits.requestMs, connectionsCheckingInterval: limits.connectionsCheckMs },
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // Whoever speaks on a connection that is still open while we close is answered, and told that it closes.
    return503OnClosing: false,
    // Wrong types are refused, never bent into shape; unknown fields are answered in `warnings`.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true } },
    // An unknown event is answered like a known one, however long it is; Node bounds the whole URL.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, metrics, logger),
    clientErrorHandler: (error, socket) => answerNotHttp(error, socket, metrics),
  });
  closeInTime(app, parts.clock);
  const methods = knownMethods(app);
  readBodiesAsJson(app, limits.bodyLevels);
  answerProblems(app, metrics, logger, methods);
  answerOrigins(app);
  adRequestRoute(app, parts);
  playerRoutes(app, parts);
  openRtbRoute(app, parts);
  beaconRoutes(app, parts);
  conversionRoutes(app, parts);
  v1AdRequestRoute(app, parts);
  v1ImpressionRoute(app, parts);
  explainRoute(app, parts);
  healthRoutes(app, metrics, parts.readiness);
  if (parts.config.demoPage === true) demoPageRoutes(app, parts.base);
  if (parts.managementUrl !== null) oneOrigin(app, parts.managementUrl, methods, parts.clock);
  return app;
}

/** What is management's is passed on to it. */
function oneOrigin(app: FastifyInstance, managementUrl: () => string | null, methods: MethodsOf, clock: Clock): void {
  const slow = cutSlowRequests(app.server, clock);
  app.addHook('onClose', async () => slow[Symbol.dispose]());
  forwardRoutes(app, { managementUrl, methods, spare: slow.spare });
}

/** While closing, each answer ends its connection, and one that does not finish is cut: no client's silence holds us. */
function closeInTime(app: FastifyInstance, clock: Clock): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    void clock.sleep(limits.closeMs).then(() => app.server.closeAllConnections());
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
}

function answerProblems(app: FastifyInstance, metrics: Metrics, logger: Logger, methods: MethodsOf): void {
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) =>
    answerError(error, request, reply, metrics, logger),
  );
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods(request.url.split('?', 1)[0] ?? '');
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    const problem =
      allowed.length > 0
        ? new Problem(405, 'Method not allowed', `this path takes ${allowed.join(', ')}`)
        : new Problem(404, 'Not found', `there is no ${request.method} of this path`);
    return answerError(problem, request, reply, metrics, logger);
  });
}

type MethodsOf = (path: string) => readonly string[];

/** The methods of the routes that are added from now on, by a request's path. */
function knownMethods(app: FastifyInstance): MethodsOf {
  const known: { readonly path: RegExp; readonly method: string }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (url.endsWith('*')) return;
    const path = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}$`);
    for (const each of [method].flat()) known.push({ path, method: each });
  });
  return (path) => [...new Set(known.filter((each) => each.path.test(path)).map(({ method }) => method))];
}

function answerError(
  error: FastifyError | Problem,
  request: FastifyRequest,
  reply: FastifyReply,
  metrics: Metrics,
  logger: Logger,
): FastifyReply {
  const problem = problemOf(error);
  if (problem.status >= 500) logger.error({ err: error, url: request.routeOptions.url }, problem.message);
  if (problem.status !== 409) countRefusal(problem, request, metrics);
  return sendProblem(reply, problem);
}

const asksForAds: ReadonlySet<string> = new Set([
  '/api/v1/ad-request',
  '/api/v2/ad-request',
  '/api/v2/vast',
  '/api/v2/vmap',
  '/api/v2/asset-list',
  '/api/v2/openrtb',
]);

function countRefusal(problem: Problem, request: FastifyRequest, metrics: Metrics): void {
  metrics.badRequests.inc({ problem: problem.title });
  if (!asksForAds.has(request.routeOptions.url ?? '')) return;
  metrics.requests.inc({
    outcome: problem.status === 413 ? 'too_large' : problem.status < 500 ? 'bad_request' : 'error',
  });
}

function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const errors = error.validation.map(wrongOf);
    const detail = errors.map(({ pointer, detail: each }) => `${pointer || 'the body'} ${each}`).join('; ');
    return new Problem(400, 'Invalid request', detail, errors);
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return new Problem(413, 'Body too large', `at most ${limits.bodyBytes} bytes are read`);
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
