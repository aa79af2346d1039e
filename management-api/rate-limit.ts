import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../engines/http/problem.ts';
import type { Caller } from './access/caller.ts';
import { limits } from './limits.ts';

const MINUTE_MS = 60_000;

/** So many requests a minute: of one address, of one key or user, of logins, of keys that are none. */
export interface RateLimits {
  /** Counts a login. Throws Problem 429. */
  login(request: FastifyRequest): Promise<void>;
  /** Counts a request of the caller; answers the headers that tell how much is left. Throws Problem 429. */
  caller(request: FastifyRequest, caller: Caller): Promise<Readonly<Record<string, string>>>;
  /** Notes that a key was none. Throws Problem 429 when the address sent too many of them; good keys go on working. */
  refused(request: FastifyRequest): Promise<void>;
}

/** Guards every route by address, and answers the limits that are known only once the caller is. */
export async function limitRates(app: FastifyInstance): Promise<RateLimits> {
  await app.register(rateLimit, {
    timeWindow: MINUTE_MS,
    max: limits.addressInMinute,
    keyGenerator: ({ ip }) => ip,
    allowList: isHealth,
    // The caller's own limit is told instead, where there is one.
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
  const callers = new WeakMap<FastifyRequest, Caller>();
  const whose = (request: FastifyRequest) => callers.get(request);
  const logins = app.createRateLimit({
    timeWindow: MINUTE_MS,
    max: limits.loginsInMinute,
    keyGenerator: ({ ip }) => `login ${ip}`,
  });
  const refusals = app.createRateLimit({
    timeWindow: MINUTE_MS,
    max: limits.refusedInMinute,
    keyGenerator: ({ ip }) => `refused ${ip}`,
  });
  const requests = app.createRateLimit({
    timeWindow: MINUTE_MS,
    max: (request) => whose(request)?.requestsInMinute ?? limits.requestsInMinute,
    keyGenerator: (request) => whose(request)?.actor ?? '',
  });
  return {
    login: async (request) => void passed(await logins(request)),
    refused: async (request) => void passed(await refusals(request)),
    async caller(request, caller) {
      callers.set(request, caller);
      const found = passed(await requests(request));
      if (found.isAllowed) return {};
      const { max, remaining, ttlInSeconds } = found;
      return {
        'ratelimit-limit': String(max),
        'ratelimit-remaining': String(remaining),
        'ratelimit-reset': String(ttlInSeconds),
      };
    },
  };
}

type Found = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>;

function passed(found: Found): Found {
  if (!found.isAllowed && found.isExceeded) throw tooMany(found.ttl);
  return found;
}

function tooMany(ttlMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(ttlMs / 1_000));
  return new Problem(429, 'Too many requests', `ask again in ${seconds} s`, [], {}, { 'retry-after': String(seconds) });
}

function isHealth({ url }: FastifyRequest): boolean {
  return url.startsWith('/health/') || url === '/metrics';
}
