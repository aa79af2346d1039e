import type { FastifyInstance } from 'fastify';
import { Problem } from '../../engines/http/problem.ts';
import { decode } from '../../schemas/codec.ts';
import type { AdRequest } from '../../schemas/records.ts';
import type { CatalogCache } from '../catalog/catalog-cache.ts';
import { limits } from '../limits.ts';
import { explainRecord } from '../recording/explain-record.ts';
import type { RecentDecisions } from '../recording/recent-decisions.ts';

export interface ExplainParts {
  readonly recent: RecentDecisions;
  readonly cache: CatalogCache;
}

/** GET /api/v2/requests/:id/explain: every campaign of one of this instance's newest decisions, with its slot or its reason. */
export function explainRoute(app: FastifyInstance, { recent, cache }: ExplainParts): void {
  app.get<{ Params: { id: string } }>('/api/v2/requests/:id/explain', async ({ params }, reply) => {
    const found = recent.of(params.id);
    if (found === null) {
      const where = '`breakwater explain <request id>` reads older ones, and those of other instances, from the log';
      throw new Problem(404, 'Not found', `not among the last ${limits.decisionsRemembered} decisions here; ${where}`);
    }
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8');
    return JSON.stringify(explainRecord(decode(found.record).value as AdRequest, found.catalog, cache.taxonomy));
  });
}
