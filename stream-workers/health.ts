import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenOnFirst } from '../engines/endpoints.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { Runner } from './runner.ts';

/** `/health/live`, `/health/ready` and `/metrics` of a worker process. */
export async function serveHealth(
  host: string,
  ports: readonly number[],
  metrics: WorkerMetrics,
  runners: () => readonly Runner[],
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': metrics.registry.contentType });
      response.end(await metrics.registry.metrics());
      return;
    }
    const answer = answerHealth(path, runners());
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  server.requestTimeout = 5000;
  await listenOnFirst(ports, (port) => {
    server.listen(port, host);
    return once(server, 'listening');
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerHealth(path: string | undefined, runners: readonly Runner[]): { status: number; body: unknown } {
  if (path === '/health/live') return { status: 200, body: { live: true } };
  if (path !== '/health/ready') return { status: 404, body: { title: 'Not found', status: 404 } };
  const groups = runners.map((runner) => ({ group: runner.name, partitions: runner.assigned().length }));
  const idle = groups.filter((group) => group.partitions === 0).map((group) => `${group.group} holds no partition yet`);
  return groups.length > 0 && idle.length < groups.length
    ? { status: 200, body: { ready: true, groups } }
    : { status: 503, body: { ready: false, why: idle.length > 0 ? idle : ['starting'] } };
}
