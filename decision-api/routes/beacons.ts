import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import Type from 'typebox';
import type { Clock } from '../../engines/clock.ts';
import { Problem } from '../../engines/http/problem.ts';
import { encode } from '../../schemas/codec.ts';
import { type GenuineBeacon, type RawBeacon, readBeacon } from '../beacon.ts';
import { isAway } from '../deadline.ts';
import type { Journal } from '../journal.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Tokens } from '../tokens.ts';
import { classOf } from '../user-agent.ts';

export interface BeaconParts {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly tokens: Tokens;
  readonly logger: Logger;
}

/** The smallest transparent GIF: 43 bytes. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

const beaconsBody = Type.Object({
  beacons: Type.Array(
    Type.Union([
      Type.Object({ url: Type.String({ maxLength: 8192 }) }),
      Type.Object({ event: Type.String({ maxLength: 64 }), t: Type.String({ maxLength: 8192 }) }),
    ]),
    { minItems: 1, maxItems: limits.beaconsInBatch },
  ),
});

type BeaconsBody = Type.Static<typeof beaconsBody>;

interface OneBeacon {
  Params: { readonly event: string };
  Querystring: Readonly<Record<string, unknown>>;
}

/** GET: one beacon, always answered alike, so that nobody learns which were genuine. POST: up to a hundred. */
export function beaconRoutes(app: FastifyInstance, parts: BeaconParts): void {
  // HEAD must change nothing, so it is no way to send a beacon.
  app.get<OneBeacon>('/api/v2/beacons/:event', { exposeHeadRoute: false }, async (request, reply) => {
    const raw = { ...request.query, event: request.params.event };
    const [beacon] = await take([raw], request, parts);
    if (beacon?.record.event === 'click' && beacon.clickThrough !== null) {
      return reply.header('cache-control', 'no-store').redirect(beacon.clickThrough, 302);
    }
    return sendGif(reply);
  });

  app.post<{ Body: BeaconsBody }>('/api/v2/beacons', { schema: { body: beaconsBody } }, async (request, reply) => {
    const { beacons } = request.body;
    await take(
      beacons.map((each) => ('url' in each ? fromUrl(each.url) : each)),
      request,
      parts,
    );
    return reply.code(202).send({ received: beacons.length });
  });
}

/** Logs what is genuine. Throws Problem 503 when the log does not take it: the player is to send it again. */
export async function take(
  raw: readonly RawBeacon[],
  request: FastifyRequest,
  { clock, uuid, journal, metrics, tokens, logger }: BeaconParts,
): Promise<readonly GenuineBeacon[]> {
  const userAgentClass = classOf(request.headers['user-agent']);
  const receivedAt = clock.now();
  const genuine = raw
    .map((each) => readBeacon(each, { arrivalId: uuid(), receivedAt, userAgentClass }, tokens, metrics))
    .filter((each) => each !== null);
  if (genuine.length === 0) return genuine;
  const records = genuine.map(({ partition, record }) => ({
    partition,
    key: record.viewer,
    value: encode('ad-beacon', record),
  }));
  try {
    await journal.append('ad-beacons', records, 'beacons');
  } catch (error) {
    if (!isAway(error)) throw error;
    for (const { record } of genuine) metrics.beacons.inc({ event: record.event, outcome: 'log_unavailable' });
    tell(genuine, 'log_unavailable', logger);
    throw new Problem(503, 'Beacons cannot be kept now', 'send it again in a few seconds');
  }
  for (const { record } of genuine) metrics.beacons.inc({ event: record.event, outcome: 'accepted' });
  tell(genuine, 'accepted', logger);
  return genuine;
}

/** One line for each genuine beacon, at level debug. */
function tell(genuine: readonly GenuineBeacon[], outcome: 'accepted' | 'log_unavailable', logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  for (const { partition, record } of genuine) {
    const { request_id, reservation, event, arrival_id } = record;
    logger.debug({ request_id, ad_id: reservation, event, arrival_id, partition, outcome }, 'beacon');
  }
}

function fromUrl(text: string): RawBeacon {
  const url = URL.parse(text, 'http://localhost');
  const event = url?.pathname.split('/').at(-1) ?? '';
  // As in a GET, the first of several counts.
  const query = Object.fromEntries([...(url?.searchParams ?? [])].reverse());
  return { ...query, event };
}

function sendGif(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store, max-age=0').type('image/gif').send(gif);
}
