import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { SecretRing } from '../engines/secret-ring.ts';
import { type Ask, type KeptBy, type Receipt, readAsks } from './asking/ask.ts';
import type { Caller, Callers } from './asking/callers.ts';
import type { PlaceOf } from './asking/geoip.ts';
import type { Reader } from './asking/readers.ts';
import type { CatalogCache } from './catalog/catalog-cache.ts';
import type { Admission, Dialect } from './dialects/dialect.ts';
import type { Draft, Warning } from './draft.ts';
import type { BidFates } from './recording/bid-fate.ts';
import { checkId } from './recording/check-body.ts';
import type { Explanation } from './recording/explanation.ts';
import { refuse } from './recording/give-back.ts';
import type { AdRequestBody } from './routes/ad-request-schema.ts';
import { type ServingParts, serve } from './serve.ts';
import type { Traffic } from './traffic/traffic.ts';

export interface AdRequestParts extends ServingParts {
  readonly cache: CatalogCache;
  readonly callers: Callers;
  readonly traffic: Traffic;
  readonly secrets: SecretRing;
  readonly logger: Logger;
  readonly fates: BidFates;
  readonly placeOf: PlaceOf;
  /** How tracking URLs begin. Known once the server listens. */
  readonly base: () => string;
}

/** How a request is to be answered. */
export interface Wanted {
  readonly dialect: Dialect;
  readonly admission?: Admission;
  readonly warnings: readonly Warning[];
  /** Who is told why; null: nobody. */
  readonly explain: Reader | null;
  /** What a repeated id is compared by, instead of the body. */
  readonly said?: string;
  /** Under which names the answer is kept, where the body does not say it all. */
  readonly keptBy?: KeptBy;
  /** False: the dialect has no word for backups, so none are held. */
  readonly backups?: boolean;
  /** Places are held no longer than this; absent: a token's life. */
  readonly holdMs?: number;
}

/** One pod of the request, decided and in the log. */
export interface DecidedPod {
  readonly ask: Ask;
  readonly draft: Draft;
  readonly explain: Explanation | null;
  readonly repeated: boolean;
}

/** Decides each pod of a request, in order: what one pod of a stream took, the next must see. Throws as `readAsks` and `serve` do. */
export async function decidePods(
  request: FastifyRequest,
  body: AdRequestBody,
  wanted: Wanted,
  parts: AdRequestParts,
): Promise<readonly DecidedPod[]> {
  const began = parts.clock.ticks();
  const reception = receptionOf(request, parts);
  const { organisation } = reception.caller;
  const asks = readAsks({
    body,
    requestId: body.request_id ?? parts.uuid(),
    receivedAt: parts.clock.now(),
    ...reception,
    ...(wanted.dialect === 'openrtb' ? { caller: exchange(reception.caller) } : {}),
    podNamed: (name) => parts.cache.pod(name, organisation),
    dialect: wanted.dialect,
    ...(wanted.admission ? { admission: wanted.admission } : {}),
  });
  // A repeated request_id gets its answer again only in words that were kept for it.
  const said = wanted.said ?? (wanted.dialect === 'json' ? body : { ...body, dialect: wanted.dialect });
  const asked = { body: said, warnings: wanted.warnings, explain: wanted.explain };
  if (asks[0]) countInvalid(asks[0], parts);
  const keptBy = wanted.keptBy ?? asks[0]?.keptBy;
  if (keptBy && keptBy.pod !== null && body.request_id !== undefined)
    await checkId(keptBy.id, organisation, said, parts);
  const pods: DecidedPod[] = [];
  for (const each of asks) {
    const rules = wanted.backups === false ? { ...each.rules, backupAds: 0 } : each.rules;
    const ask = { ...each, rules, holdMs: wanted.holdMs ?? each.holdMs, keptBy: wanted.keptBy ?? each.keptBy };
    const { draft, explain, repeated } = await serve({ ...asked, ask }, parts).catch((error: unknown) =>
      refuse(error, pods, request, parts),
    );
    pods.push({ ask, draft, explain, repeated });
    tell(draft, parts.clock.ticks() - began, parts.logger);
  }
  parts.metrics.decisionSeconds.observe((parts.clock.ticks() - began) / 1_000_000);
  return pods;
}

/** Who calls, and how that is read. Throws Problem 401 or 403 for a caller who may not ask. */
export function receptionOf(
  request: FastifyRequest,
  { callers, traffic, secrets, cache, placeOf, config }: AdRequestParts,
): Pick<
  Receipt,
  'caller' | 'takePeer' | 'traffic' | 'tcfVendor' | 'pepper' | 'peppersBefore' | 'taxonomy' | 'placeOf'
> {
  return {
    caller: callers.ofRequest(request),
    takePeer: config.geoipPeer,
    traffic,
    tcfVendor: config.tcfVendor,
    pepper: secrets.pepper,
    peppersBefore: secrets.peppersBefore,
    taxonomy: cache.taxonomy,
    placeOf,
  };
}

/** An exchange's address and program are nobody's who watches: what is not in the bid request is not known. */
function exchange(caller: Caller): Caller {
  return { ...caller, address: null, forwarded: false, userAgent: null };
}

/** Counts what is invalid traffic of a request. */
export function countInvalid({ invalid }: Ask, { metrics }: AdRequestParts): void {
  if (invalid !== null) metrics.invalidTraffic.inc({ what: 'request', reason: invalid });
}

/** One line for each answer, at level debug: in production that is for a while, to follow a request. */
export function tell({ request_id, pod, no_fill_reason }: Draft, took_us: number, logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  const ads = pod.ads.map(({ ad_id, campaign_id }) => ({ ad_id, campaign_id }));
  logger.debug({ request_id, no_fill_reason, ads, took_us }, 'answered');
}
