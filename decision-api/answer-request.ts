import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Ask, readAsks } from './ask.ts';
import type { CatalogCache } from './catalog-cache.ts';
import type { Admission, Dialect } from './dialects/dialect.ts';
import type { Draft, Warning } from './draft.ts';
import type { PlaceOf } from './geoip.ts';
import type { AdRequestBody } from './routes/ad-request-schema.ts';
import { type ServingParts, serve } from './serve.ts';

export interface AdRequestParts extends ServingParts {
  readonly cache: CatalogCache;
  readonly pepper: string;
  readonly logger: Logger;
  readonly placeOf: PlaceOf;
  /** How tracking URLs begin. Known once the server listens. */
  readonly base: () => string;
}

/** How a request is to be answered. */
export interface Wanted {
  readonly dialect: Dialect;
  readonly admission?: Admission;
  readonly warnings: readonly Warning[];
  readonly explain: boolean;
  /** Places are held no longer than this; absent: a token's life. */
  readonly holdMs?: number;
}

/** One pod of the request, decided and in the log. */
export interface DecidedPod {
  readonly ask: Ask;
  readonly draft: Draft;
  readonly explain: object | null;
}

/** Decides each pod of a request, in order: what one pod of a stream took, the next must see. Throws as `readAsks` and `serve` do. */
export async function decidePods(
  request: FastifyRequest,
  body: AdRequestBody,
  wanted: Wanted,
  parts: AdRequestParts,
): Promise<readonly DecidedPod[]> {
  const began = parts.clock.ticks();
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
    dialect: wanted.dialect,
    ...(wanted.admission ? { admission: wanted.admission } : {}),
  });
  // A repeated request_id gets its answer again only in words that were kept for it.
  const said = wanted.dialect === 'json' ? body : { ...body, dialect: wanted.dialect };
  const asked = { body: said, warnings: wanted.warnings, explain: wanted.explain };
  const pods: DecidedPod[] = [];
  for (const each of asks) {
    const ask = wanted.holdMs === undefined ? each : { ...each, holdMs: wanted.holdMs };
    const { draft, explain } = await serve({ ...asked, ask }, parts);
    pods.push({ ask, draft, explain });
    tell(draft, parts.clock.ticks() - began, parts.logger);
  }
  parts.metrics.decisionSeconds.observe((parts.clock.ticks() - began) / 1_000_000);
  return pods;
}

/** One line for each answer, at level debug: in production that is for a while, to follow a request. */
export function tell({ request_id, pod, no_fill_reason }: Draft, took_us: number, logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  const ads = pod.ads.map(({ ad_id, campaign_id }) => ({ ad_id, campaign_id }));
  logger.debug({ request_id, no_fill_reason, ads, took_us }, 'answered');
}
