import { createHash } from 'node:crypto';
import type { RateLimitPluginOptions } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../engines/http/problem.ts';
import { limits } from './limits.ts';

/** So many requests a minute for one key or token, else for one address; fewer where passwords are tried. */
export const rateLimitOptions: RateLimitPluginOptions = {
  timeWindow: 60_000,
  max: (request) => (isLogin(request) ? limits.loginsInMinute : limits.requestsInMinute),
  keyGenerator: whoAsks,
  allowList: (request) => request.url.startsWith('/health/') || request.url === '/metrics',
  errorResponseBuilder: (_request, { after }) =>
    new Problem(429, 'Too many requests', `ask again in ${after}; see the ratelimit headers`),
};

function isLogin({ url, method }: FastifyRequest): boolean {
  return method === 'POST' && /^\/api\/v[12]\/auth\/(login|register)$/.test(url);
}

function whoAsks(request: FastifyRequest): string {
  if (isLogin(request)) return `login ${request.ip}`;
  const credential = request.headers['x-api-key'] ?? request.headers.authorization;
  return typeof credential === 'string' ? createHash('sha256').update(credential).digest('base64url') : request.ip;
}
