import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../engines/clock.ts';
import { limits } from '../limits.ts';

/**
 * Cuts off whoever sends half a request, as Node's requestTimeout does, except those that were spared: an upload that is passed on
 * to management takes longer than any ad request may. Only needed where there are such; Node knows one limit for all.
 */
export function cutSlowRequests(
  server: Server,
  clock: Clock,
): { readonly spare: (request: IncomingMessage) => void } & Disposable {
  const open = new Map<Socket, { readonly request: IncomingMessage; readonly since: number }>();
  // Before the handlers, which may spare it at once.
  server.prependListener('request', (request: IncomingMessage) =>
    open.set(request.socket, { request, since: clock.now() }),
  );
  const look = () => {
    for (const [socket, { request, since }] of open) {
      if (socket.destroyed || request.complete) open.delete(socket);
      else if (clock.now() - since > limits.requestMs) {
        open.delete(socket);
        const error = Object.assign(new Error('the request did not end'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
        server.emit('clientError', error, socket);
      }
    }
  };
  const beat = clock.every(
    limits.connectionsCheckMs,
    async () => look(),
    () => undefined,
  );
  return {
    spare: (request) => void open.delete(request.socket),
    [Symbol.dispose]: () => beat[Symbol.dispose](),
  };
}
