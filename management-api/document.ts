import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** The head of the OpenAPI document; paths come from the routes. */
export const documentOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Breakwater management API',
      version: '2',
      description:
        'Campaigns and all that belongs to them. Money is whole micros (a millionth of the currency), times are ISO 8601, ids are UUIDs. A write of something that exists names its version by If-Match; a POST that lists it may carry an Idempotency-Key; the others refuse it. Errors are problem+json (RFC 9457) with JSON pointers.',
    },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'an API key (bw_…) or an access token' },
        header: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'an API key or an access token' },
      },
    },
  },
};
