import type { FastifyInstance } from 'fastify';
import type { ManagementParts } from './parts.ts';

/** Live: the process answers. Ready: it may be sent requests. */
export function healthRoutes(app: FastifyInstance, { registry, readiness }: ManagementParts): void {
  const hidden = { schema: { hide: true } };
  app.get('/health/live', hidden, () => ({ live: true }));
  app.get('/health/ready', hidden, (_request, reply) => {
    const state = readiness();
    return reply
      .code(state.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(state);
  });
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
