import type { Objective, PodConfig } from '../domain/campaign.ts';
import type { PodRules } from '../domain/pods/pod.ts';
import type { Context } from '../domain/request.ts';
import { normaliseContext } from '../domain/targeting/context.ts';
import { type Claims, truncateIp, type Viewer, viewerOf } from './identities.ts';
import { limits } from './limits.ts';
import { Problem } from '../engines/http/problem.ts';
import type { AdRequestBody } from './routes/ad-request-schema.ts';
import { classOf, type UserAgentClass } from './user-agent.ts';

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
  readonly breakIndex: number | null;
  readonly rules: PodRules;
}

export interface Receipt {
  readonly body: AdRequestBody;
  readonly requestId: string;
  readonly receivedAt: number;
  readonly userAgent: string | undefined;
  readonly pepper: string;
  readonly podNamed: (nameOrId: string) => PodConfig | undefined;
}

/** Throws Problem 400 where the body's fields do not fit together. */
export function readAsk(receipt: Receipt): Ask {
  const { body, requestId, receivedAt } = receipt;
  // The log keeps UTF-8, which has no half of a pair: the id would come back as another one.
  if (!requestId.isWellFormed()) throw invalid('/request_id', 'is not well-formed Unicode');
  const userAgent = body.device?.ua ?? receipt.userAgent;
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
    ),
    ipTruncated: ip === null ? null : truncateIp(ip),
    userAgentClass: classOf(userAgent),
    breakIndex: body.break?.index ?? null,
    rules: rulesOf(body, receipt.podNamed),
  };
}

function claimsOf(body: AdRequestBody, userAgent: string | undefined): Claims {
  const { user, device, session } = body;
  const consent = hasConsent(body.consent);
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

/** Refused, a child, or asked for by law and not answered: no. */
function hasConsent(consent: AdRequestBody['consent']): boolean {
  if (!consent) return true;
  if (consent.coppa || consent.given === false || consent.granted === false) return false;
  return !consent.gdpr || consent.given === true || consent.granted === true;
}

/** Platforms send zeros for an advertising id that must not be used: everybody's, so nobody's. */
function realIfa(ifa: string | undefined): string | null {
  return ifa && /[^0-]/.test(ifa) ? ifa : null;
}

const unnamed = {
  minAds: 1,
  maxAds: 6,
  competitiveSeparation: true,
  minSeparationSeconds: null,
  allowDuplicateAdvertisers: false,
  objective: 'revenue' as Objective,
};

function rulesOf(body: AdRequestBody, podNamed: Receipt['podNamed']): PodRules {
  const { pod } = body;
  const named = configured(pod, podNamed);
  const base = named ?? unnamed;
  const durationSeconds = body.pod_duration ?? pod?.duration_seconds ?? named?.durationSeconds;
  if (durationSeconds === undefined) {
    throw invalid('/pod_duration', 'is needed: whole seconds from 1 to 3600, or a pod');
  }
  const maxAds = Math.min(30, body.max_ads ?? pod?.max_ads ?? base.maxAds);
  const asked = body.min_ads ?? pod?.min_ads;
  if (asked !== undefined && asked > maxAds) {
    throw invalid(body.min_ads === undefined ? '/pod/min_ads' : '/min_ads', `must not be more than max_ads, ${maxAds}`);
  }
  const gap = pod?.min_separation_seconds;
  return {
    durationSeconds,
    minAds: Math.min(asked ?? base.minAds, maxAds),
    maxAds,
    objective: pod?.objective ?? base.objective,
    separation: pod?.enable_competitive_separation ?? base.competitiveSeparation,
    minSeparationSeconds: gap === undefined ? base.minSeparationSeconds : gap,
    allowDuplicateAdvertisers: pod?.allow_duplicate_advertisers ?? base.allowDuplicateAdvertisers,
    nodeLimit: limits.nodeLimit,
  };
}

function configured(pod: AdRequestBody['pod'], podNamed: Receipt['podNamed']): PodConfig | undefined {
  const name = pod?.id ?? pod?.name;
  if (name === undefined) return undefined;
  const found = podNamed(name);
  if (!found) throw invalid(pod?.id === undefined ? '/pod/name' : '/pod/id', 'there is no pod of this name');
  return found;
}

function invalid(pointer: string, detail: string): Problem {
  return new Problem(400, 'Invalid ad request', `${pointer} ${detail}`, [{ pointer, detail }]);
}
