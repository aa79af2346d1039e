import type { PodRules } from '../domain/pods/pod.ts';
import type { Context } from '../domain/request.ts';
import type { ContentTaxonomy } from '../domain/targeting/content-taxonomy.ts';
import { normaliseContext } from '../domain/targeting/context.ts';
import { type Admission, type Dialect, plainFiles } from './dialects/dialect.ts';
import type { PlaceOf } from './geoip.ts';
import { type Claims, truncateIp, type Viewer, viewerOf } from './identities.ts';
import { invalid, type PodNamed, rulesOf } from './pod-rules.ts';
import type { AdRequestBody } from './routes/ad-request-schema.ts';
import { classOf, type UserAgentClass } from './user-agent.ts';

/** Who called, as far as we know: somebody, the holder of an API key, or a machine of a network that is trusted. */
export type CallerClass = 'anonymous' | 'key' | 'network';

/** On what ground ids are kept: nothing was said, it was given; or not kept: it was refused, the viewer is a child. */
export type ConsentGround = 'unstated' | 'given' | 'refused' | 'child';

/** A request for a pod, checked and made pseudonymous. Nothing after this knows who anybody is. */
export interface Ask {
  readonly requestId: string;
  /** The id came from the caller, who may repeat it. */
  readonly repeatable: boolean;
  readonly receivedAt: number;
  /** The decision's minute: epoch minutes. */
  readonly minute: number;
  readonly viewer: Viewer;
  readonly context: Context;
  readonly ipTruncated: string | null;
  readonly userAgentClass: UserAgentClass;
  readonly caller: CallerClass;
  /** Why it is invalid traffic; null: it is not. */
  readonly invalid: string | null;
  readonly consent: ConsentGround;
  readonly breakIndex: number | null;
  /** Where the pod begins in stream time; null: nobody said. */
  readonly breakOffsetMs: number | null;
  /** The caller's, where one request asked for several pods. */
  readonly breakId: string | null;
  readonly rules: PodRules;
  /** The kept pod whose rules were asked for. */
  readonly podId: string | null;
  readonly dialect: Dialect;
  readonly admission: Admission;
  /** Places are held no longer than this, from receipt; null: a token's life. */
  readonly holdMs: number | null;
}

export interface Receipt {
  readonly body: AdRequestBody;
  readonly requestId: string;
  readonly receivedAt: number;
  /** The caller's: a player's or a stitcher's. */
  readonly userAgent: string | undefined;
  /** The caller's address, where it may be taken for the viewer's. */
  readonly peer: string | null;
  readonly pepper: string;
  readonly taxonomy: ContentTaxonomy;
  readonly placeOf: PlaceOf;
  readonly podNamed: PodNamed;
  /** Absent: JSON. */
  readonly dialect?: Dialect;
  readonly admission?: Admission;
}

/** One ask for each pod of the request. Throws Problem 400 or 422 where the body's fields do not fit together. */
export function readAsks(receipt: Receipt): readonly Ask[] {
  const { breaks } = receipt.body;
  if (breaks === undefined) return [readAsk(receipt)];
  const { pod, pod_duration, min_ads, max_ads, ...shared } = receipt.body;
  for (const [name, value] of Object.entries({ pod, pod_duration, min_ads, max_ads, break: shared.break })) {
    if (value !== undefined) throw invalid(`/${name}`, 'belongs into each of the breaks');
  }
  const ids = breaks.map(({ id }, index) => id ?? String(index));
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (repeated >= 0) throw invalid(`/breaks/${repeated}/id`, 'is the id of another break of this request');
  const first = readAsk({ ...receipt, body: { ...shared, pod_duration: 1 } });
  return breaks.map((each, index) => ({
    ...first,
    requestId: `${receipt.requestId}/${ids[index]}`,
    breakId: ids[index] ?? null,
    breakIndex: each.index ?? index,
    breakOffsetMs: msOf(each.offset),
    ...rulesOf(each, `/breaks/${index}`, receipt.podNamed),
  }));
}

/** Throws Problem 400 or 422 where the body's fields do not fit together. */
export function readAsk(receipt: Receipt): Ask {
  const { body, requestId, receivedAt } = receipt;
  // The log keeps UTF-8, which has no half of a pair: the id would come back as another one.
  if (!requestId.isWellFormed()) throw invalid('/request_id', 'is not well-formed Unicode');
  const userAgent = body.device?.ua ?? receipt.userAgent;
  const callers = isPlayer(receipt.userAgent) ? receipt : null;
  const claims = claimsOf(body, userAgent);
  const ip = claims.ip;
  // Without consent only the moment is known, not the person.
  const person = claims.consent ? body.user : { time_zone: body.user?.time_zone };
  return {
    requestId,
    repeatable: body.request_id !== undefined,
    receivedAt,
    minute: Math.floor(receivedAt / 60_000),
    viewer: viewerOf(claims, requestId, receipt.pepper),
    context: normaliseContext(
      { geo: body.geo ?? null, device: body.device ?? null, content: body.content ?? null, user: person ?? null },
      receivedAt,
      {
        userAgent: body.device?.ua ?? callers?.userAgent ?? null,
        // A place is the moment's, not the person's, and nothing of the address is kept for it.
        place: receipt.placeOf(body.device?.ip ?? callers?.peer ?? null),
        taxonomy: receipt.taxonomy,
      },
    ),
    ipTruncated: ip === null ? null : truncateIp(ip),
    userAgentClass: classOf(userAgent),
    caller: 'anonymous',
    invalid: null,
    consent: groundOf(body.consent),
    breakIndex: body.break?.index ?? null,
    breakOffsetMs: msOf(body.break?.offset_seconds),
    breakId: null,
    dialect: receipt.dialect ?? 'json',
    admission: receipt.admission ?? plainFiles,
    holdMs: null,
    ...rulesOf(body, '', receipt.podNamed),
  };
}

/** Whether the caller is the viewer's device itself, as far as it says: a stitcher's or a bot's words and address are not the viewer's. */
function isPlayer(userAgent: string | undefined): boolean {
  const caller = classOf(userAgent);
  return caller !== 'stitcher' && caller !== 'bot';
}

function claimsOf(body: AdRequestBody, userAgent: string | undefined): Claims {
  const { user, device, session } = body;
  const ground = groundOf(body.consent);
  const consent = ground === 'unstated' || ground === 'given';
  return {
    userId: user?.id ?? null,
    householdId: user?.household_id ?? null,
    deviceId: device?.id ?? null,
    ifa: realIfa(device?.ifa),
    limitAdTracking: device?.lmt === true || device?.lmt === 1,
    sessionId: session?.id ?? null,
    ip: (consent && device?.ip) || null,
    userAgent: userAgent ?? null,
    consent,
  };
}

/** Asked for by law and not answered is refused. */
function groundOf(consent: AdRequestBody['consent']): ConsentGround {
  if (!consent) return 'unstated';
  if (consent.coppa) return 'child';
  if (consent.given === false || consent.granted === false) return 'refused';
  if (consent.given === true || consent.granted === true) return 'given';
  return consent.gdpr ? 'refused' : 'unstated';
}

/** Platforms send zeros for an advertising id that must not be used: everybody's, so nobody's. */
function realIfa(ifa: string | undefined): string | null {
  return ifa && /[^0-]/.test(ifa) ? ifa : null;
}

function msOf(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000);
}
