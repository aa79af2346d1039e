import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { EngineError } from '../engines/errors.ts';
import { Problem } from '../engines/http/problem.ts';
import { limits } from './limits.ts';

/** Every error becomes problem+json (RFC 9457); what is our fault is logged and told no further. */
export function answerProblems(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler<FastifyError | Problem | EngineError>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500 || isOutOfRange(error))
      logger.error({ err: error, url: request.routeOptions.url }, problem.message);
    reply.headers(problem.headers);
    if (problem.status === 503) reply.header('retry-after', '5');
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  app.setNotFoundHandler((request) => {
    throw new Problem(404, 'Not found', `there is no ${request.method} of this path`);
  });
}

/** A path that cannot be read, before any route is looked for. */
export function answerUnroutable(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Bytes that are no HTTP: a problem, where anybody still listens, and the end of the connection. */
export function answerNoHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, title] = noHttp[error.code] ?? [400, 'Bad Request'];
  const body = JSON.stringify(new Problem(status, title, 'this is not HTTP as it can be read here'));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const noHttp: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

function problemOf(error: FastifyError | Problem | EngineError): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof EngineError) return engineProblem(error);
  const status = error.statusCode ?? 500;
  if (status === 413) return new Problem(413, 'Body too large', `at most ${limits.bodyBytes} bytes are read`);
  if (status < 500) return new Problem(status, 'Invalid request', error.message);
  return new Problem(500, 'Internal error', 'something went wrong here; it has been logged');
}

/** Of what class of PostgreSQL's errors it is (documentation, appendix A). */
function isOfClass(sqlState: string, { code, cause }: EngineError): boolean {
  return code === 'refused' && cause instanceof Error && 'code' in cause && String(cause.code).startsWith(sqlState);
}

/** A value that no column takes: the caller's, which a schema let through, so it is logged too. */
function isOutOfRange(error: unknown): boolean {
  return error instanceof EngineError && isOfClass('22', error);
}

function engineProblem(error: EngineError): Problem {
  if (isOutOfRange(error)) return new Problem(400, 'Invalid request', 'a value is none that can be kept or compared');
  // What is there already forbids it.
  if (isOfClass('23', error)) {
    return new Problem(409, 'In use', 'numbers or other rows refer to it, or one like it is there already');
  }
  if (error.code === 'conflict') return new Problem(409, 'Changed meanwhile', 'somebody else changed it; try again');
  if (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'full') {
    return new Problem(503, 'The catalog is away', 'try again in a few seconds');
  }
  return new Problem(500, 'Internal error', 'something went wrong here; it has been logged');
}
