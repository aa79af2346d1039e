import type { FastifyInstance } from 'fastify';
import type { Readiness } from '../../engines/process-metrics.ts';
import type { Metrics } from '../metrics.ts';

/** Live: the process answers. Ready: it may be sent requests. */
export function healthRoutes(app: FastifyInstance, metrics: Metrics, readiness: () => Readiness): void {
  app.get('/health/live', () => ({ live: true }));

  app.get('/health/ready', (_request, reply) => {
    const state = readiness();
    reply.code(state.ready ? 200 : 503).header('cache-control', 'no-store');
    return reply.send(state.ready ? { ready: true, degraded: state.degraded } : state);
  });

  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
}
