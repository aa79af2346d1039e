import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { readInstant } from '../../domain/instant.ts';
import { Problem } from '../../engines/http/problem.ts';
import { isUuid } from '../../schemas/uuid.ts';
import type { RawBeacon } from '../beacons/beacon.ts';
import type { BeaconEvent } from '../beacons/tokens.ts';
import { type BeaconParts, take } from './beacons.ts';

const text = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

/** What the MVP's players report. Place and device are known from the request; here they are only checked to be texts. */
const v1ImpressionBody = Type.Object({
  ad_id: Type.String({ minLength: 1, maxLength: 8192 }),
  campaign_id: text(36),
  creative_id: text(36),
  device_id: text(255),
  device_type: text(50),
  location_country: text(2),
  location_region: text(50),
  session_id: text(255),
  timestamp: Type.Optional(Type.Union([Type.String({ maxLength: 35 }), Type.Integer({ minimum: 0 }), Type.Null()])),
  duration: Type.Optional(Type.Union([Type.Number({ minimum: 0, maximum: 86_400 }), Type.Null()])),
  completed: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
});

type V1ImpressionBody = Type.Static<typeof v1ImpressionBody>;

/**
 * POST /api/v1/impression: what v2's beacons say in one call. `ad_id` is a signed token, so nothing that was not served can be
 * reported; the beacons are of its reservation, so what comes again counts once, and whoever says `completed` later adds only that.
 */
export function v1ImpressionRoute(app: FastifyInstance, parts: BeaconParts): void {
  app.post<{ Body: V1ImpressionBody }>(
    '/api/v1/impression',
    { schema: { body: v1ImpressionBody } },
    async (request, reply) => {
      const { body } = request;
      const facts = factsOf(body, parts);
      const reported = {
        at: body.timestamp == null ? undefined : atOf(body.timestamp),
        view_ms: body.duration == null ? undefined : Math.round(body.duration * 1_000),
      };
      // Whoever saw it has seen it begin: rates are of starts.
      const events: readonly BeaconEvent[] = body.completed
        ? ['impression', 'start', 'complete']
        : ['impression', 'start'];
      await take(
        events.map((event): RawBeacon => ({ ...reported, event, t: parts.tokens.sign(event, facts) })),
        request,
        parts,
      );
      return reply.code(202).header('cache-control', 'no-store').send({ received: true, ad_id: body.ad_id });
    },
  );
}

/** The facts of the ad that this is of. Throws Problem 422 when it is of none of ours, or of another than it says. */
function factsOf({ ad_id, campaign_id, creative_id }: V1ImpressionBody, { tokens, metrics }: BeaconParts): string {
  const verified = tokens.verify('impression', ad_id);
  if (!verified.ok) {
    metrics.beacons.inc({ event: 'impression', outcome: verified.reason });
    throw refused('/ad_id', 'is not the ad_id of an ad that was served here');
  }
  const { campaign, creative } = verified.token;
  const same = (given: string | null | undefined, known: string) => given == null || given.toLowerCase() === known;
  for (const [name, given, known] of [
    ['campaign_id', campaign_id, campaign],
    ['creative_id', creative_id, creative],
  ] as const) {
    if (!same(given, known)) {
      throw refused(`/${name}`, given != null && isUuid(given) ? 'is not of this ad' : 'is not an id');
    }
  }
  return ad_id.slice(0, ad_id.lastIndexOf('.'));
}

/** Epoch ms, or ISO 8601. Throws Problem 422. */
function atOf(timestamp: string | number): number {
  const at = typeof timestamp === 'number' ? timestamp : readInstant(timestamp);
  if (at !== null && Number.isFinite(at) && at >= 0) return at;
  throw refused('/timestamp', 'must be ISO 8601, or milliseconds since 1970');
}

function refused(pointer: string, detail: string): Problem {
  return new Problem(422, 'Invalid impression', `${pointer} ${detail}`, [{ pointer, detail }]);
}
