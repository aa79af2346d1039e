import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Ask, readAsks } from '../ask.ts';
import type { CatalogCache } from '../catalog-cache.ts';
import { answerOf, type Draft, type Warning } from '../draft.ts';
import type { PlaceOf } from '../geoip.ts';
import { type ServingParts, serve } from '../serve.ts';
import { type AdRequestBody, adRequestBody, unknownFields } from './ad-request-schema.ts';

export interface AdRequestParts extends ServingParts {
  readonly cache: CatalogCache;
  readonly pepper: string;
  readonly logger: Logger;
  readonly placeOf: PlaceOf;
  /** How tracking URLs begin. Known once the server listens. */
  readonly base: () => string;
}

interface AdRequestRoute {
  Body: AdRequestBody;
  Querystring: { readonly explain?: unknown };
}

/** POST /api/v2/ad-request: a pod for a break, or one for each of `breaks`, as JSON. */
export function adRequestRoute(app: FastifyInstance, parts: AdRequestParts): void {
  app.post<AdRequestRoute>('/api/v2/ad-request', { schema: { body: adRequestBody } }, async (request, reply) => {
    const began = parts.clock.ticks();
    const { body, query } = request;
    const asks = readAsks({
      body,
      requestId: body.request_id ?? parts.uuid(),
      receivedAt: parts.clock.now(),
      userAgent: request.headers['user-agent'],
      pepper: parts.pepper,
      peer: parts.config.geoipPeer ? request.ip : null,
      taxonomy: parts.cache.taxonomy,
      placeOf: parts.placeOf,
      podNamed: (name) => parts.cache.pod(name),
    });
    const asked = { body, warnings: warningsOf(body, parts), explain: isYes(query.explain) };
    const answers: object[] = [];
    // One after the other: what one pod of a stream took, the next must see.
    for (const ask of asks) {
      const { draft, explain } = await serve({ ...asked, ask }, parts);
      const answer = answerOf(draft, parts.tokens, parts.base());
      answers.push(explain === null ? answer : { ...answer, explain });
      tell(draft, parts.clock.ticks() - began, parts.logger);
    }
    parts.metrics.decisionSeconds.observe((parts.clock.ticks() - began) / 1_000_000);
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    return JSON.stringify(body.breaks === undefined ? answers[0] : streamOf(asks, answers, body, asked.warnings));
  });
}

/** One line for each answer, at level debug: in production that is for a while, to follow a request. */
function tell({ request_id, pod, no_fill_reason }: Draft, took_us: number, logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  const ads = pod.ads.map(({ ad_id, campaign_id }) => ({ ad_id, campaign_id }));
  logger.debug({ request_id, no_fill_reason, ads, took_us }, 'answered');
}

/** The pods of a stream, in the order in which they were asked for. */
function streamOf(
  asks: readonly Ask[],
  answers: readonly object[],
  { breaks, request_id }: AdRequestBody,
  warnings: readonly Warning[],
): object {
  const pods = answers.map((answer, index) => {
    const id = asks[index]?.breakId ?? null;
    return { id, offset: breaks?.[index]?.offset ?? null, ...answer, warnings: undefined };
  });
  return { request_id: request_id ?? asks[0]?.requestId.split('/')[0], breaks: pods, warnings };
}

const WARNINGS_MAX = 20;

function warningsOf(body: unknown, { metrics }: AdRequestParts): readonly Warning[] {
  const unknown = unknownFields(body);
  if (unknown.length > 0) metrics.unknownFields.inc(unknown.length);
  return unknown
    .slice(0, WARNINGS_MAX)
    .map((pointer) => ({ pointer: pointer.slice(0, 256), detail: 'unknown field, ignored' }));
}

function isYes(value: unknown): boolean {
  return value === '1' || value === 'true';
}
