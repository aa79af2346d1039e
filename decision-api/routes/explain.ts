import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { isPodOf } from '../../domain/request.ts';
import type { Clock } from '../../engines/clock.ts';
import { Problem } from '../../engines/http/problem.ts';
import { decode } from '../../schemas/codec.ts';
import type { AdRequest } from '../../schemas/records.ts';
import type { Callers } from '../asking/callers.ts';
import { readerOf } from '../asking/readers.ts';
import type { CatalogCache } from '../catalog/catalog-cache.ts';
import { limits } from '../limits.ts';
import { explainRecord } from '../recording/explain-record.ts';
import { explanationPieces } from '../recording/explanation.ts';
import type { RecentDecision, RecentDecisions } from '../recording/recent-decisions.ts';

export interface ExplainParts {
  readonly callers: Callers;
  readonly recent: RecentDecisions;
  readonly cache: CatalogCache;
  readonly clock: Clock;
}

/** Who is told why, in words. */
export const readers =
  'who shows an API key with the scope ads:request, or asks from a trusted network or this machine';

/** GET /api/v2/requests/:id/explain: every campaign of one of this instance's newest decisions, with its slot or its reason. Only for who is known. */
export function explainRoute(app: FastifyInstance, { callers, recent, cache, clock }: ExplainParts): void {
  app.get<{ Params: { id: string } }>('/api/v2/requests/:id/explain', async (request, reply) => {
    const reader = readerOf(callers.withScope(request, 'ads:request'), request, cache.advertisers);
    if (reader === null) throw new Problem(401, 'Not known', `an explanation is for ${readers}`);
    // Another organisation's request is one that there is not.
    const found = recent.of(request.params.id, reader.organisation);
    if (found === null) {
      const pods = podsOf(request.params.id, recent.below(request.params.id, reader.organisation));
      if (pods.length > 0) throw new Problem(404, 'Several', `its pods are explained one by one: ${pods.join(', ')}`);
      const where = '`breakwater explain <request id>` reads older ones, and those of other instances, from the log';
      throw new Problem(404, 'Not found', `not among the last ${limits.decisionsRemembered} decisions here; ${where}`);
    }
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    const explained = explainRecord(decode(found.record).value as AdRequest, found.catalog, cache.taxonomy, reader);
    return Readable.from(explanationPieces(explained, clock));
  });
}

function podsOf(requestId: string, below: readonly RecentDecision[]): readonly string[] {
  const records = below.map(({ record }) => decode(record).value as AdRequest);
  return records.filter((record) => isPodOf(record, requestId)).map((record) => record.request_id);
}
