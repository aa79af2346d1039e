import type { PodRules } from '../../domain/pods/pod.ts';
import type { Context } from '../../domain/request.ts';
import type { ContentTaxonomy } from '../../domain/targeting/content-taxonomy.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import { addressOf } from '../../engines/pseudonym.ts';
import { type Admission, type Dialect, plainFiles } from '../dialects/dialect.ts';
import type { AdRequestBody } from '../routes/ad-request-schema.ts';
import type { InvalidReason, Traffic } from '../traffic/traffic.ts';
import type { Caller, CallerClass } from './callers.ts';
import { type ConsentGround, groundOf } from './consent.ts';
import type { PlaceOf } from './geoip.ts';
import { type Claims, ofRequest, truncateIp, type Viewer, viewerOf } from './identities.ts';
import { invalid, type PodNamed, rulesOf } from './pod-rules.ts';
import { classOf, type UserAgentClass } from './user-agent.ts';

/** A request for a pod, checked and made pseudonymous. Nothing after this knows who anybody is. */
export interface Ask {
  readonly requestId: string;
  /** The id came from the caller, who may repeat it. */
  readonly repeatable: boolean;
  /** Under which names its answer is kept for that. */
  readonly keptBy: KeptBy;
  readonly receivedAt: number;
  /** The decision's minute: epoch minutes. */
  readonly minute: number;
  readonly viewer: Viewer;
  readonly context: Context;
  readonly ipTruncated: string | null;
  readonly userAgentClass: UserAgentClass;
  readonly caller: CallerClass;
  /** Whose request it is: the key's, else the house's. */
  readonly organisation: string;
  /** Why it is invalid traffic; null: it is not. */
  readonly invalid: InvalidReason | null;
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

/** The id that came, and the pod's own within it where more than one was asked for. */
export interface KeptBy {
  readonly id: readonly string[];
  readonly pod: string | null;
}

export interface Receipt {
  readonly body: AdRequestBody;
  readonly requestId: string;
  readonly receivedAt: number;
  readonly caller: Caller;
  /** Whether the caller's own address may be taken for the viewer's. */
  readonly takePeer: boolean;
  readonly traffic: Traffic;
  /** Our number on the IAB's list of vendors; null: none. */
  readonly tcfVendor: number | null;
  readonly pepper: string;
  /** Peppers that came before and are still read. */
  readonly peppersBefore: readonly string[];
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
  const halved = ids.findIndex((id) => !id.isWellFormed());
  if (halved >= 0) throw invalid(`/breaks/${halved}/id`, 'is not well-formed Unicode');
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (repeated >= 0) throw invalid(`/breaks/${repeated}/id`, 'is the id of another break of this request');
  const first = readAsk({ ...receipt, body: { ...shared, pod_duration: 1 } });
  // Breaks that are asked for together are a stream, also where its session has no name.
  const session =
    first.viewer.session ??
    ofRequest(receipt.pepper, 'stream', { requestId: receipt.requestId, organisation: first.organisation });
  return breaks.map((each, index) => ({
    ...first,
    viewer: { ...first.viewer, session },
    requestId: `${receipt.requestId}/${ids[index]}`,
    keptBy: { id: [receipt.requestId], pod: breaks.length > 1 ? (ids[index] ?? null) : null },
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
  const { caller } = receipt;
  const userAgent = body.device?.ua || (caller.userAgent ?? undefined);
  // Many write "unknown" or nothing where they have none.
  const said = addressOf(body.device?.ip ?? null);
  const peer = caller.forwarded || (receipt.takePeer && isPlayer(caller)) ? caller.address : null;
  const ground = groundOf(body.consent, receipt.tcfVendor);
  const claims = claimsOf(body, said, userAgent, caller, ground);
  const ip = claims.ip;
  const viewer = viewerOf(
    claims,
    { requestId, organisation: caller.organisation },
    receipt.pepper,
    receipt.peppersBefore,
  );
  const origin = { address: said ?? caller.address, userAgent: userAgent ?? null };
  const ids = [body.device?.id, body.device?.ifa];
  const told =
    receipt.traffic.request(origin, ids, viewer.identities, viewer.viewer, receivedAt) ??
    // Whom nobody vouches for tells of a viewer what it likes; what it is itself is known.
    (caller.class === 'anonymous' ? receipt.traffic.byOrigin(caller) : null);
  // Without consent only the moment is known, not the person.
  const person = claims.consent ? body.user : { time_zone: body.user?.time_zone };
  return {
    requestId,
    repeatable: body.request_id !== undefined,
    keptBy: { id: [requestId], pod: null },
    receivedAt,
    minute: Math.floor(receivedAt / 60_000),
    viewer,
    context: normaliseContext(
      { geo: body.geo ?? null, device: body.device ?? null, content: body.content ?? null, user: person ?? null },
      receivedAt,
      {
        userAgent: body.device?.ua || (isPlayer(caller) ? caller.userAgent : null),
        // A place is the moment's, not the person's, and nothing of the address is kept for it.
        place: receipt.placeOf(said ?? peer),
        taxonomy: receipt.taxonomy,
      },
    ),
    ipTruncated: ip === null ? null : truncateIp(ip),
    userAgentClass: classOf(userAgent),
    caller: caller.class,
    organisation: caller.organisation,
    invalid: body.test === true ? 'test' : told,
    consent: ground,
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
function isPlayer({ userAgent }: Caller): boolean {
  const told = classOf(userAgent ?? undefined);
  return userAgent !== null && told !== 'stitcher' && told !== 'bot';
}

function claimsOf(
  body: AdRequestBody,
  said: string | null,
  userAgent: string | undefined,
  caller: Caller,
  ground: ConsentGround,
): Claims {
  const { user, device, session } = body;
  const consent = ground === 'unstated' || ground === 'given';
  return {
    userId: user?.id ?? null,
    householdId: user?.household_id ?? null,
    deviceId: device?.id ?? null,
    ifa: realIfa(device?.ifa),
    limitAdTracking: device?.lmt === true || device?.lmt === 1,
    sessionId: session?.id ?? null,
    ip: consent ? (said ?? (caller.forwarded ? caller.address : null)) : null,
    userAgent: userAgent ?? null,
    consent,
  };
}

/** Platforms send zeros for an advertising id that must not be used: everybody's, so nobody's. */
function realIfa(ifa: string | undefined): string | null {
  return ifa && /[^0-]/.test(ifa) ? ifa : null;
}

function msOf(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000);
}
