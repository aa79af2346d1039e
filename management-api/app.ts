import multipart from '@fastify/multipart';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { readBodiesAsJson } from '../engines/http/read-body.ts';
import { answerNoHttp, answerProblems, answerUnroutable } from './answer-problems.ts';
import { documentOptions } from './document.ts';
import { healthRoutes } from './health-routes.ts';
import { limits } from './limits.ts';
import { fileRoutes } from './media/file-routes.ts';
import { mount } from './mount.ts';
import type { ManagementParts } from './parts.ts';
import { limitRates } from './rate-limit.ts';
import { routes } from './routes/index.ts';

/** The management API with every route and its document; it does not listen yet. */
export async function buildManagementApp(parts: ManagementParts): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    trustProxy: parts.trustedProxies,
    // A large file over a slow line takes this long; whoever sends no head is cut off sooner.
    requestTimeout: limits.uploadMs,
    http: { headersTimeout: 30_000 },
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerNoHttp,
  });
  readBodiesAsJson(app, limits.bodyLevels, { emptyIsNone: true });
  await app.register(multipart, {
    limits: { fileSize: parts.mediaBytes, files: 1, fields: 20, fieldSize: 8_192, fieldNameSize: 100 },
  });
  answerProblems(app, parts.logger);
  const rates = await limitRates(app);
  await app.register(swagger, documentOptions);
  for (const spec of routes.filter(({ lines }) => lines !== 'asked')) mount(app, spec, parts, rates);
  // Bodies that are taken in line by line are read by nobody before.
  await app.register(async (inner) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const spec of routes.filter(({ lines }) => lines === 'asked')) mount(inner, spec, parts, rates);
  });
  app.get('/api/v2/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(swaggerUi, { routePrefix: '/api/v2/docs' });
  await fileRoutes(app, parts);
  healthRoutes(app, parts);
  return app;
}
