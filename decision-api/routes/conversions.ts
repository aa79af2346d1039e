import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { readInstant } from '../../domain/instant.ts';
import { partitionOf } from '../../engines/event-log/partition.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { encode } from '../../schemas/codec.ts';
import type { Conversion } from '../../schemas/records.ts';
import type { AdRequestParts } from '../answer-request.ts';
import type { Caller } from '../asking/callers.ts';
import { type ConsentGround, groundOf } from '../asking/consent.ts';
import { type ConversionSaid, conversionOf, isPixelOf } from '../beacons/conversions.ts';
import { readConsent } from '../dialects/query.ts';
import { isAway } from '../http/deadline.ts';
import { limits } from '../limits.ts';
import { adRequestBody } from './ad-request-schema.ts';
import { type BeaconParts, sendGif } from './beacons.ts';

const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));
const uuidForm = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

/** One conversion as an advertiser's server sends it. */
const conversion = Type.Object(
  {
    conversion_id: Type.String({ minLength: 1, maxLength: 128 }),
    advertiser_id: Type.String({ pattern: uuidForm }),
    type: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }),
    value_micros: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000_000_000 })),
    occurred_at: Type.Optional(Type.String({ minLength: 10, maxLength: 35 })),
    ad_id: Type.Optional(Type.String({ pattern: uuidForm })),
    user_id: text(256),
    household_id: text(256),
    device_id: text(256),
    ip: text(64),
    consent: Type.Optional(Type.Object(adRequestBody.properties.consent.properties, { additionalProperties: false })),
  },
  { additionalProperties: false },
);

const checked = Compile(conversion);
const conversionsBody = Type.Object(
  { conversions: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.beaconsInBatch }) },
  { additionalProperties: false },
);

type Body = Type.Static<typeof conversionsBody>;
type Parts = AdRequestParts & BeaconParts;
type Query = Readonly<Record<string, unknown>>;

/** POST: from a server, with a key that has the scope conversions:write. GET: a pixel, signed for its advertiser. */
export function conversionRoutes(app: FastifyInstance, parts: Parts): void {
  app.post<{ Body: Body }>('/api/v2/conversions', { schema: { body: conversionsBody } }, async (request, reply) => {
    const caller = parts.callers.withScope(request, 'conversions:write');
    if (caller.key === null)
      throw new Problem(401, 'Not known', 'an API key with the scope conversions:write is needed');
    const { conversions } = request.body;
    const read = conversions.map((item, index) => readItem(item, `/conversions/${index}`, caller, parts));
    const errors = read.flatMap((each) => (Array.isArray(each) ? each : []));
    const taken = read.filter((each): each is Conversion => !Array.isArray(each));
    if (taken.length === 0) throw new Problem(400, 'Invalid request', 'none of these can be taken', errors);
    await write(taken, parts);
    const outcomes = read.map((each) => (Array.isArray(each) ? 'refused' : 'taken'));
    return reply.code(202).header('cache-control', 'no-store').send({ received: taken.length, outcomes, errors });
  });

  app.get<{ Querystring: Query }>('/api/v2/conversions/pixel', { exposeHeadRoute: false }, async (request, reply) => {
    const record = readPixel(request, parts);
    if (record === null) parts.metrics.conversions.inc({ source: 'pixel', outcome: 'refused' });
    else await write([record], parts);
    return sendGif(reply);
  });
}

/** A conversion, or what is wrong with it. */
function readItem(item: unknown, at: string, caller: Caller, parts: Parts): Conversion | Wrong[] {
  if (!checked.Check(item)) {
    return [...checked.Errors(item)].map(({ instancePath, message }) => ({
      pointer: `${at}${instancePath}`,
      detail: message,
    }));
  }
  const wrong = (field: string, detail: string) => [{ pointer: `${at}/${field}`, detail }];
  const owner = parts.cache.advertisers.get(item.advertiser_id);
  if (owner === undefined || owner.organisation !== caller.key?.organisation) {
    return wrong('advertiser_id', 'is no advertiser of yours');
  }
  if (!item.conversion_id.isWellFormed()) return wrong('conversion_id', 'is not well-formed Unicode');
  const now = parts.clock.now();
  const occurredAt = item.occurred_at === undefined ? now : readInstant(item.occurred_at);
  if (occurredAt === null) return wrong('occurred_at', 'must be a time as in ISO 8601');
  if (occurredAt > now + limits.conversionAheadMs) return wrong('occurred_at', 'is more than a day ahead');
  if (occurredAt < now - limits.conversionAgeMs) return wrong('occurred_at', 'is more than 400 days ago');
  const { user_id, household_id, device_id, ip, ad_id } = item;
  if ((user_id ?? household_id ?? device_id ?? ip ?? ad_id) === undefined) {
    return [{ pointer: at, detail: 'must say who converted: user_id, household_id, device_id, ip or ad_id' }];
  }
  const consent = isKept(groundOf(item.consent, parts.config.tcfVendor));
  const said: ConversionSaid = { ...item, occurredAt, receivedAt: now, source: 'server', invalid: null, consent };
  return conversionOf(said, parts.uuid(), parts.secrets);
}

/** Null: not signed for an advertiser that there is, or without what a conversion needs. */
function readPixel(request: FastifyRequest<{ Querystring: Query }>, parts: Parts): Conversion | null {
  const one = (name: string) => {
    const value = request.query[name];
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === 'string' && first !== '' && !/^\[[A-Z_]+\]$/.test(first)
      ? first.slice(0, 8_192)
      : undefined;
  };
  const advertiser_id = isPixelOf(one('t') ?? '', parts.secrets);
  if (advertiser_id === null || !parts.cache.advertisers.has(advertiser_id)) return null;
  const now = parts.clock.now();
  const value = Number(one('value') ?? 0);
  const optional = (name: string) => {
    const given = one(name);
    return given === undefined ? {} : { [name]: given };
  };
  const item = {
    conversion_id: one('id'),
    advertiser_id,
    type: one('type') ?? 'conversion',
    // In currency units, as shops write it: 12.99.
    value_micros: Number.isFinite(value) && value >= 0 && value <= 1e9 ? Math.round(value * 1_000_000) : 0,
    ...optional('ad_id'),
    ...optional('user_id'),
    ...optional('household_id'),
    ...optional('device_id'),
  };
  if (!checked.Check(item) || !item.conversion_id.isWellFormed()) return null;
  const caller = parts.callers.ofBeacon(request);
  const invalid = parts.traffic.byOrigin(caller);
  if (invalid !== null) parts.metrics.invalidTraffic.inc({ what: 'conversion', reason: invalid });
  // A pixel is fetched by the viewer's own device, unless a proxy that nobody trusts stands before us.
  const ip = (caller.forwarded || parts.config.geoipPeer) && caller.address !== null ? { ip: caller.address } : {};
  const consent = isKept(groundOfQuery(request.query, parts.config.tcfVendor));
  const said = { ...item, ...ip, occurredAt: now, receivedAt: now, source: 'pixel' as const, invalid, consent };
  return conversionOf(said, parts.uuid(), parts.secrets);
}

/** As of an ad request by GET; a pixel is never told what is wrong with it, and what cannot be read has granted nothing. */
function groundOfQuery(query: Query, vendor: number | null): ConsentGround {
  try {
    return groundOf(readConsent(query), vendor);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return 'refused';
  }
}

/** Whether it is kept who converted. */
function isKept(ground: ConsentGround): boolean {
  return ground === 'unstated' || ground === 'given';
}

/** Throws Problem 503 when the log does not take them: they are to be sent again. */
async function write(records: readonly Conversion[], { journal, partitions, metrics }: Parts): Promise<void> {
  const out = records.map((record) => ({
    // All that has the same id has to be in one partition: the first of them counts.
    partition: partitionOf(`${record.advertiser}:${record.conversion_id}`, partitions.beacons),
    key: record.viewer,
    value: encode('conversion', record),
  }));
  try {
    await journal.append('conversions', out, 'beacons');
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new Problem(503, 'Conversions cannot be kept now', 'send it again in a few seconds');
  }
  for (const { source } of records) metrics.conversions.inc({ source, outcome: 'taken' });
}
