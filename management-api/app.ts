import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { readBodiesAsJson } from '../engines/http/read-body.ts';
import { answerProblems } from './answer-problems.ts';
import { documentOptions } from './document.ts';
import { healthRoutes } from './health-routes.ts';
import { limits } from './limits.ts';
import { mount } from './mount.ts';
import type { ManagementParts } from './parts.ts';
import { limitRates } from './rate-limit.ts';
import { routes } from './routes/index.ts';

/** The management API with every route and its document; it does not listen yet. */
export async function buildManagementApp(parts: ManagementParts): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: 30_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
  });
  readBodiesAsJson(app, limits.bodyLevels);
  answerProblems(app, parts.logger);
  const rates = await limitRates(app);
  await app.register(swagger, documentOptions);
  for (const spec of routes) mount(app, spec, parts, rates);
  app.get('/api/v2/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(swaggerUi, { routePrefix: '/api/v2/docs' });
  healthRoutes(app, parts);
  return app;
}
