import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { listenOnFirst } from './endpoints.ts';
import type { Readiness } from './process-metrics.ts';

const REQUEST_MS_MAX = 5_000;

export interface HealthListenerOptions {
  readonly host: string;
  /** Tried in turn; 0 is a free one. */
  readonly ports: readonly number[];
  readonly registry: Registry;
  readonly readiness: () => Readiness;
}

export interface HealthListener {
  readonly url: string;
  close(): Promise<void>;
}

/** `/health/live`, `/health/ready` (503 with reasons until it is) and `/metrics` of a process that serves nothing else. */
export async function listenForHealth({ host, ports, ...parts }: HealthListenerOptions): Promise<HealthListener> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/metrics') void sendMetrics(parts.registry, response);
    else sendHealth(path, parts.readiness, response);
  });
  server.requestTimeout = REQUEST_MS_MAX;
  await listenOnFirst(ports, (port) => {
    server.listen(port, host);
    return once(server, 'listening');
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sendMetrics(registry: Registry, response: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(text);
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end((error as Error).message);
  }
}

function sendHealth(path: string | undefined, readiness: () => Readiness, response: ServerResponse): void {
  const { status, body } = healthAnswer(path, readiness);
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function healthAnswer(path: string | undefined, readiness: () => Readiness): { status: number; body: object } {
  if (path === '/health/live') return { status: 200, body: { live: true } };
  if (path !== '/health/ready') return { status: 404, body: { title: 'Not found', status: 404 } };
  const state = readiness();
  return { status: state.ready ? 200 : 503, body: state };
}
