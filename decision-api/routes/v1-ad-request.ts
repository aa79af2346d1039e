import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type AdRequestParts, countInvalid, receptionOf, tell } from '../answer-request.ts';
import { readAsk } from '../asking/ask.ts';
import type { Tokens } from '../beacons/tokens.ts';
import { ownFiles } from '../dialects/dialect.ts';
import type { Draft } from '../draft.ts';
import { serve } from '../serve.ts';
import { type AdRequestBody, adRequestBody, dropNulls } from './ad-request-schema.ts';

const text = (maxLength = 255) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

const { content, geo, user, session, consent } = adRequestBody.properties;

/** What the MVP's players send. Everything may be missing; `context` has today's fields, and may hold more than is read. */
const v1AdRequestBody = Type.Object({
  device_id: text(),
  device_type: text(),
  app_id: text(),
  user_agent: text(2048),
  ip_address: text(),
  context: Type.Optional(Type.Union([Type.Object({ content, geo, user, session, consent }), Type.Null()])),
});

type V1AdRequestBody = Type.Static<typeof v1AdRequestBody>;

/** As long as a creative of the MVP may be. */
const LONGEST_SECONDS = 120;

/** POST /api/v1/ad-request: one ad, or 204. The same decision as v2's, for a pod of one. */
export function v1AdRequestRoute(app: FastifyInstance, parts: AdRequestParts): void {
  const options = {
    schema: { body: v1AdRequestBody },
    preValidation: async ({ body }: FastifyRequest) => dropNulls(Object(body).context),
  };
  app.post<{ Body: V1AdRequestBody }>('/api/v1/ad-request', options, async (request, reply) => {
    const began = parts.clock.ticks();
    const receivedAt = parts.clock.now();
    const body = bodyOf(request.body);
    const ask = readAsk({
      body,
      requestId: parts.uuid(),
      receivedAt,
      ...receptionOf(request, parts),
      podNamed: () => undefined,
      dialect: 'v1',
      admission: ownFiles,
    });
    countInvalid(ask, parts);
    const { draft } = await serve({ ask, body, warnings: [], explain: null }, parts);
    const took = parts.clock.ticks() - began;
    tell(draft, took, parts.logger);
    parts.metrics.decisionSeconds.observe(took / 1_000_000);
    reply.header('cache-control', 'no-store');
    const ad = oneAd(draft, parts.tokens, parts.base(), receivedAt);
    return ad === null
      ? reply.code(204).send()
      : reply.type('application/json; charset=utf-8').send(JSON.stringify(ad));
  });
}

/** The request in today's words. */
function bodyOf(asked: V1AdRequestBody): AdRequestBody {
  const { device_id: id, device_type: type, user_agent: ua, ip_address: ip } = asked;
  const device: Record<string, string> = {};
  for (const [name, value] of Object.entries({ id, type, ua, ip })) if (value) device[name] = value;
  const { content: around, geo: place, user: viewer, session: stream, consent: said } = asked.context ?? {};
  return {
    pod_duration: LONGEST_SECONDS,
    max_ads: 1,
    device,
    ...(around === undefined ? {} : { content: around }),
    ...(place === undefined ? {} : { geo: place }),
    ...(viewer === undefined ? {} : { user: viewer }),
    ...(stream === undefined ? {} : { session: stream }),
    ...(said === undefined ? {} : { consent: said }),
  };
}

/** `ad_id` is the token of the impression: whoever sends it back proves that the ad is ours, and says all that is billed. */
function oneAd(draft: Draft, tokens: Tokens, base: string, at: number): object | null {
  const [ad] = draft.pod.ads;
  const [file] = (ad?.media ?? []) as readonly { readonly url: string; readonly type: string }[];
  if (!ad || !file) return null;
  const token = tokens.sign('impression', ad.facts);
  const click = () => `${base}/api/v2/beacons/click?t=${tokens.sign('click', ad.facts)}`;
  return {
    ad_id: token,
    campaign_id: ad.campaign_id,
    creative_id: ad.creative_id,
    video_url: file.url,
    duration: ad.duration_seconds,
    format: formatOf(file.type),
    click_url: ad.click_through === null ? null : click(),
    tracking_url: `${base}/api/v2/beacons/impression?t=${token}`,
    timestamp: new Date(at).toISOString(),
  };
}

/** The MVP's word for a MIME type: mp4, webm, hls. */
function formatOf(type: string): string {
  const lower = type.toLowerCase();
  if (lower === 'application/x-mpegurl' || lower === 'application/vnd.apple.mpegurl') return 'hls';
  if (lower === 'application/dash+xml') return 'dash';
  return lower.slice(lower.indexOf('/') + 1);
}
