import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../../engines/http/problem.ts';
import type { Metrics } from '../metrics.ts';

/** Answers what never became a request: bytes that are not HTTP, too many headers, a request that does not end. */
export function answerNotHttp(error: Error & { readonly code?: string }, socket: Socket, metrics: Metrics): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = problemOf(error.code);
  metrics.badRequests.inc({ problem: problem.title });
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function problemOf(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem(431, 'Headers too large', 'the headers are too long');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem(408, 'Too slow', 'the request did not end in time');
  return new Problem(400, 'Not HTTP', 'this cannot be read as an HTTP request');
}
