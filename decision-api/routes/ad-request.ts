import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Ask, readAsks } from '../ask.ts';
import type { CatalogCache } from '../catalog-cache.ts';
import { answerText, type Draft, type Warning } from '../draft.ts';
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
    const answers: string[] = [];
    // One after the other: what one pod of a stream took, the next must see.
    for (const [index, ask] of asks.entries()) {
      const { draft, explain } = await serve({ ...asked, ask }, parts);
      const offset = body.breaks?.[index]?.offset ?? null;
      const around = body.breaks === undefined ? {} : { before: { id: ask.breakId, offset }, warnings: false };
      answers.push(answerText(draft, parts.tokens, parts.base(), { ...around, explain }));
      tell(draft, parts.clock.ticks() - began, parts.logger);
    }
    parts.metrics.decisionSeconds.observe((parts.clock.ticks() - began) / 1_000_000);
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    return body.breaks === undefined ? answers[0] : streamOf(asks, answers, body, asked.warnings);
  });
}

/** One line for each answer, at level debug: in production that is for a while, to follow a request. */
export function tell({ request_id, pod, no_fill_reason }: Draft, took_us: number, logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  const ads = pod.ads.map(({ ad_id, campaign_id }) => ({ ad_id, campaign_id }));
  logger.debug({ request_id, no_fill_reason, ads, took_us }, 'answered');
}

/** The pods of a stream, in the order in which they were asked for, as JSON text. */
function streamOf(
  asks: readonly Ask[],
  answers: readonly string[],
  { request_id }: AdRequestBody,
  warnings: readonly Warning[],
): string {
  const id = JSON.stringify(request_id ?? asks[0]?.requestId.split('/')[0]);
  return `{"request_id":${id},"breaks":[${answers.join()}],"warnings":${JSON.stringify(warnings)}}`;
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
