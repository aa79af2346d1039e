import { Agent, request as ask, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as askOverTls, Agent as TlsAgent } from 'node:https';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../engines/http/problem.ts';
import { limits } from '../limits.ts';

/** What is management's, unless a route here takes it. */
const PATHS = ['/api/v1/*', '/api/v2/*', '/media/*'];

/** Of one connection, not of the message (RFC 9110, section 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface ForwardParts {
  /** Where management answers; null: nowhere now. */
  readonly managementUrl: () => string | null;
  /** The methods that this server's own routes take at a path. */
  readonly methods: (path: string) => readonly string[];
  /** Called with a request that may take as long as an upload does. */
  readonly spare: (request: IncomingMessage) => void;
}

/**
 * One origin for players and managers: what is management's is passed on, bodies as they come. The decision's own routes are found
 * first, so nothing is added on their way. No CORS: a page of somebody else's has no business at management.
 */
export function forwardRoutes(app: FastifyInstance, parts: ForwardParts): void {
  const agents = { 'http:': new Agent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) };
  app.addHook('onClose', async () => {
    for (const agent of Object.values(agents)) agent.destroy();
  });
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, body, done) => done(null, body));
    for (const url of PATHS) {
      scope.all(url, { exposeHeadRoute: false }, async (request, reply) => {
        const target = targetOf(request, reply, parts);
        parts.spare(request.raw);
        return await pass(request, reply, target, agents);
      });
    }
  });
}

function targetOf(request: FastifyRequest, reply: FastifyReply, { methods, managementUrl }: ForwardParts): URL {
  const allowed = methods(request.url.split('?', 1)[0] ?? '');
  if (allowed.length > 0) {
    reply.header('allow', allowed.join(', '));
    throw new Problem(405, 'Method not allowed', `this path takes ${allowed.join(', ')}`);
  }
  const base = managementUrl();
  if (base !== null) return new URL(base + request.url);
  throw new Problem(404, 'Not found', `there is no ${request.method} of this path`);
}

async function pass(
  request: FastifyRequest,
  reply: FastifyReply,
  target: URL,
  agents: Readonly<Record<string, Agent>>,
): Promise<FastifyReply> {
  const { raw } = request;
  const hasBody = raw.method !== 'GET' && raw.method !== 'HEAD';
  const send = target.protocol === 'https:' ? askOverTls : ask;
  const upstream = send(target, {
    method: raw.method ?? 'GET',
    headers: requestHeaders(request, hasBody),
    agent: agents[target.protocol],
    timeout: limits.forwardSilenceMs,
  });
  // A caller who goes takes the question along.
  reply.raw.on('close', () => upstream.destroy());
  if (hasBody) raw.pipe(upstream);
  else upstream.end();
  const answer = await answerOf(upstream);
  return reply
    .code(answer.statusCode ?? 502)
    .headers(endToEnd(answer.headers))
    .send(answer);
}

/** Throws Problem 502 or 504. */
function answerOf(upstream: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.on('response', resolve);
    upstream.on('timeout', () => {
      reject(new Problem(504, 'Management is slow', 'it did not answer in time; ask again'));
      upstream.destroy();
    });
    upstream.on('error', () =>
      reject(new Problem(502, 'Management is away', 'ads are served; ask again in a few seconds')),
    );
  });
}

function requestHeaders({ raw, ip }: FastifyRequest, hasBody: boolean): Record<string, string | string[]> {
  const headers = endToEnd(raw.headers);
  delete headers.host;
  delete headers.expect;
  if (!hasBody) delete headers['content-length'];
  const before = raw.headers['x-forwarded-for'];
  headers['x-forwarded-for'] = [...(before === undefined ? [] : [before].flat()), ip].join(', ');
  return headers;
}

/** The headers that go on: not those of the connection, nor those that it names. */
function endToEnd(given: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set((given.connection ?? '').toLowerCase().split(/\s*,\s*/));
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !hopByHop.has(name) && !named.has(name)) headers[name] = value;
  }
  return headers;
}
