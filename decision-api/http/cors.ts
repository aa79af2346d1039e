import type { FastifyInstance } from 'fastify';

/** What players in browsers may ask for from any page, with cookies or without: IMA sends its requests with credentials. */
const open = /^\/(?:api\/v\d+\/(?:ad-request|vast|vmap|asset-list|openrtb|beacons|conversions|impression)\b|demo\b)/;
const DAY_SECONDS = 86_400;

/**
 * Answers pages of other origins: the very origin is named and credentials are allowed, since a star excludes them. There is nothing
 * to steal: no cookie is set or read here. Never for health, metrics or explain.
 */
export function answerOrigins(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (!open.test(request.url)) return;
    // A cache must not hand one page the answer of another.
    reply.header('vary', 'Origin');
    if (origin === undefined) return;
    reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true');
    reply.header('access-control-expose-headers', 'Retry-After, breakwater-no-fill, breakwater-no-bid');
    const asked = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || asked === undefined) return;
    reply
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'Content-Type, Authorization, X-API-Key')
      .header('access-control-max-age', DAY_SECONDS);
    await reply.code(204).send();
  });
}
