import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import Type from 'typebox';
import type { Clock } from '../../engines/clock.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { encode } from '../../schemas/codec.ts';
import type { Callers } from '../asking/callers.ts';
import { classOf } from '../asking/user-agent.ts';
import { type GenuineBeacon, type RawBeacon, readBeacon } from '../beacons/beacon.ts';
import { clickTarget } from '../beacons/clicks.ts';
import type { Tokens } from '../beacons/tokens.ts';
import type { CatalogCache } from '../catalog/catalog-cache.ts';
import { isAway } from '../http/deadline.ts';
import type { Journal } from '../journal/journal.ts';
import type { UnloggedWait } from '../journal/unlogged-wait.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Traffic } from '../traffic/traffic.ts';

export interface BeaconParts {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly tokens: Tokens;
  readonly callers: Callers;
  readonly traffic: Traffic;
  readonly unlogged: UnloggedWait;
  readonly cache: CatalogCache;
  readonly logger: Logger;
}

/** The smallest transparent GIF: 43 bytes. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

/** What stands in the list is looked at one by one: a bad item is no reason to lose the others. */
const beaconsBody = Type.Object({
  beacons: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.beaconsInBatch }),
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
    const raw: RawBeacon = { ...request.query, event: request.params.event };
    const [beacon] = await take([raw], request, parts);
    const leads = raw.event === 'click' && request.query.r !== '0';
    const target = leads ? clickTarget(raw.t, beacon?.clickThrough ?? null, parts.cache) : null;
    if (target !== null) return reply.header('cache-control', 'no-store, max-age=0').redirect(target, 302);
    return sendGif(reply);
  });

  app.post<{ Body: BeaconsBody }>('/api/v2/beacons', { schema: { body: beaconsBody } }, async (request, reply) => {
    const { beacons } = request.body;
    const read = beacons.map(readItem);
    const errors = read.flatMap((each, index): Wrong[] =>
      typeof each === 'string' ? [{ pointer: `/beacons/${index}`, detail: each }] : [],
    );
    if (errors.length === beacons.length)
      throw new Problem(400, 'Invalid request', 'none of these is a beacon', errors);
    await take(
      read.filter((each) => typeof each !== 'string'),
      request,
      parts,
    );
    // Genuine or not is told to nobody: what can be read is taken.
    const outcomes = read.map((each) => (typeof each === 'string' ? 'refused' : 'taken'));
    const received = beacons.length - errors.length;
    return reply.code(202).header('cache-control', 'no-store').send({ received, outcomes, errors });
  });
}

const TEXT_CHARS_MAX = 8_192;
const EVENT_CHARS_MAX = 64;

/** An item of a batch, or what is wrong with it. */
function readItem(item: unknown): RawBeacon | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return 'must be an object with url, or event and t';
  const { url, event, t } = item as Readonly<Record<string, unknown>>;
  if (url !== undefined) return isText(url, TEXT_CHARS_MAX) ? fromUrl(url) : 'its url must be a text of at most 8192';
  if (!isText(event, EVENT_CHARS_MAX)) return 'its event must be a text of at most 64';
  return isText(t, TEXT_CHARS_MAX) ? { ...item, event } : 'its t must be a text of at most 8192';
}

function isText(value: unknown, charsMax: number): value is string {
  return typeof value === 'string' && value.length <= charsMax;
}

/** Logs what is genuine. Throws Problem 503 when the log does not take it: the player is to send it again. */
export async function take(
  raw: readonly RawBeacon[],
  request: FastifyRequest,
  parts: BeaconParts,
): Promise<readonly GenuineBeacon[]> {
  const { clock, uuid, journal, metrics, callers, unlogged, logger } = parts;
  const caller = callers.ofBeacon(request);
  const userAgentClass = classOf(caller.userAgent ?? request.headers['user-agent']);
  const receivedAt = clock.now();
  const genuine = raw
    .map((each) => readBeacon(each, { arrivalId: uuid(), receivedAt, userAgentClass, caller }, parts))
    .filter((each) => each !== null);
  if (genuine.length === 0) {
    await unlogged.wait();
    if (unlogged.failed && (journal.away || journal.full)) throw cannotKeep();
    return genuine;
  }
  const records = genuine.map(({ partition, record }) => ({
    partition,
    key: record.viewer,
    value: encode('ad-beacon', record),
  }));
  const began = clock.ticks();
  try {
    await journal.append('ad-beacons', records, 'beacons');
    unlogged.note(began, true);
  } catch (error) {
    if (!isAway(error)) throw error;
    unlogged.note(began, false);
    for (const { record } of genuine) metrics.beacons.inc({ event: record.event, outcome: 'log_unavailable' });
    tell(genuine, 'log_unavailable', logger);
    throw cannotKeep();
  }
  for (const { record } of genuine)
    metrics.beacons.inc({ event: record.event, outcome: outcomeAt(record, receivedAt) });
  tell(genuine, 'accepted', logger);
  return genuine;
}

/** A count for operators; the workers decide by the time of the log. */
function outcomeAt(record: GenuineBeacon['record'], now: number): 'accepted' | 'expired' {
  return now > record.expires_at ? 'expired' : 'accepted';
}

function cannotKeep(): Problem {
  return new Problem(503, 'Beacons cannot be kept now', 'send it again in a few seconds');
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

export function sendGif(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store, max-age=0').type('image/gif').send(gif);
}
