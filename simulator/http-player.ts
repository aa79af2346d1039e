import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Answer, Call } from './call.ts';

const TIMEOUT_MS = 10_000;

/** Connections that are kept, as a player's are. */
export class HttpPlayer {
  readonly #plain: PlainAgent;
  readonly #tls: TlsAgent;

  constructor(connections: number) {
    const options = { keepAlive: true, maxSockets: connections, scheduling: 'fifo' } as const;
    this.#plain = new PlainAgent(options);
    this.#tls = new TlsAgent(options);
  }

  /** Makes the call once and reads its answer to the end. Never rejects: no answer is an answer with an error. */
  send(
    call: Pick<Call, 'method' | 'url' | 'userAgent' | 'payload'> & Partial<Pick<Call, 'accept'>>,
    timeoutMs = TIMEOUT_MS,
  ): Promise<Answer> {
    const headers: Record<string, string | number> = { 'user-agent': call.userAgent };
    if (call.accept) headers.accept = call.accept;
    if (call.payload) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = call.payload.length;
    }
    return new Promise((resolve) => {
      const fail = (error: Error & { code?: string }) =>
        resolve({ status: null, error: error.code ?? error.message, text: '', retryAfterMs: null, noBid: null });
      const receive = (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('aborted', () => fail(new Error('cut off')));
        response.on('end', () => resolve(answerOf(response, chunks)));
      };
      try {
        const tls = call.url.startsWith('https:');
        const options = { method: call.method, headers, timeout: timeoutMs };
        const request = tls
          ? tlsRequest(call.url, { ...options, agent: this.#tls }, receive)
          : plainRequest(call.url, { ...options, agent: this.#plain }, receive);
        request.on('timeout', () => request.destroy(new Error('no answer in time')));
        request.on('error', fail);
        request.end(call.payload ?? undefined);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

function answerOf(response: IncomingMessage, chunks: Buffer[]): Answer {
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN);
  return {
    status: response.statusCode ?? null,
    error: null,
    text: Buffer.concat(chunks).toString('utf8'),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
    noBid: response.headers['breakwater-no-bid']?.toString() ?? null,
  };
}
