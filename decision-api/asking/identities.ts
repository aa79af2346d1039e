import { isIPv4, isIPv6 } from 'node:net';
import type { CapScope } from '../../domain/campaign.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { ScopedIdentity } from '../../domain/request.ts';
import { canonicalIp, pseudonym } from '../../engines/pseudonym.ts';

export { pseudonym };

/** What a request says about who watches, as it came. */
export interface Claims {
  readonly userId: string | null;
  readonly householdId: string | null;
  readonly deviceId: string | null;
  readonly ifa: string | null;
  /** Limit ad tracking: the advertising id must not be used. */
  readonly limitAdTracking: boolean;
  readonly sessionId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly consent: boolean;
}

/** A request by its id, which is unique within the organisation whose request it is. */
export interface NamedRequest {
  readonly requestId: string;
  readonly organisation: string;
}

/** Who watches, in pseudonyms. */
export interface Viewer {
  /** The partition key. */
  readonly viewer: string;
  /** What experiments draw by: as `viewer`, under the oldest pepper that is read. */
  readonly drawnAs: string;
  readonly identities: readonly ScopedIdentity[];
  readonly byScope: ReadonlyMap<CapScope, ScopedIdentity>;
  /** HMAC of the session's id; of the request's, where one without a session asks for a whole stream. */
  readonly session: string | null;
}

/**
 * Without consent there are no identities, and the viewer's key lives no longer than the session or the request. `before`: peppers
 * that came before: while they are read, each identity is kept under its older pseudonyms too, which stand first. What is reserved is
 * reserved under all of them, so the oldest knows everything, whenever a process heard of the new one.
 */
export function viewerOf(
  claims: Claims,
  request: NamedRequest,
  pepper: string,
  before: readonly string[] = [],
): Viewer {
  const now = known(claims, request, pepper);
  const older = before.map((each) => known(claims, request, each));
  return {
    viewer: now.viewer,
    drawnAs: (older[0] ?? now).viewer,
    identities: [...older, now].flatMap(({ identities }) => identities),
    byScope: new Map(now.identities.map((identity) => [identity.scope, identity])),
    session: now.session,
  };
}

/** Who watches, under one pepper. */
function known(claims: Claims, request: NamedRequest, pepper: string) {
  const ids: [CapScope, string | null][] = claims.consent
    ? [
        ['user', claims.userId],
        ['device', (claims.limitAdTracking ? null : claims.ifa) ?? claims.deviceId],
        ['household', claims.householdId],
        ['ip', claims.ip],
      ]
    : [];
  const identities = ids.flatMap(([scope, id]) =>
    id === null || id === '' ? [] : [{ scope, hash: pseudonym(pepper, scope, id) }],
  );
  const session = claims.sessionId ? pseudonym(pepper, 'stream', claims.sessionId) : null;
  const named = identities.find(({ scope }) => scope !== 'ip');
  return { identities, session, viewer: named?.hash ?? session ?? fallbackKey(claims, request, pepper) };
}

function fallbackKey(claims: Claims, request: NamedRequest, pepper: string): string {
  if (claims.consent && claims.ip)
    return pseudonym(pepper, 'ip+ua', `${canonicalIp(claims.ip)} ${claims.userAgent ?? ''}`);
  return ofRequest(pepper, 'request', request);
}

/** A pseudonym that a request has from its id alone: two organisations may call theirs the same. */
export function ofRequest(
  pepper: string,
  scope: 'request' | 'stream',
  { requestId, organisation }: NamedRequest,
): string {
  const own = organisation === HOUSE_ORGANISATION ? scope : `${scope} of ${organisation}`;
  return pseudonym(pepper, own, requestId);
}

/** The network of an address: /24 of IPv4, /48 of IPv6. Null when it is no address. */
export function truncateIp(ip: string): string | null {
  if (isIPv4(ip)) return `${ip.split('.').slice(0, 3).join('.')}.0/24`;
  if (!isIPv6(ip)) return null;
  const canonical = canonicalIp(ip);
  if (isIPv4(canonical)) return truncateIp(canonical);
  return `${canonical.split(':').slice(0, 3).join(':')}::/48`;
}
