import { createHmac } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { CapScope } from '../domain/campaign.ts';
import type { ScopedIdentity } from '../domain/request.ts';

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

/** Who watches, in pseudonyms. */
export interface Viewer {
  /** The partition key. */
  readonly viewer: string;
  readonly identities: readonly ScopedIdentity[];
  readonly byScope: ReadonlyMap<CapScope, ScopedIdentity>;
  /** HMAC of the session's id. */
  readonly session: string | null;
}

const HASH_BYTES = 16;

/** HMAC-SHA256(pepper, scope + ":" + id), its first 16 bytes as 22 base64url characters. */
export function pseudonym(pepper: string, scope: string, id: string): string {
  return createHmac('sha256', pepper).update(`${scope}:${id}`).digest().subarray(0, HASH_BYTES).toString('base64url');
}

/** Without consent there are no identities, and the viewer's key lives no longer than the session or the request. */
export function viewerOf(claims: Claims, requestId: string, pepper: string): Viewer {
  const ids: [CapScope, string | null][] = claims.consent
    ? [
        ['user', claims.userId],
        ['device', (claims.limitAdTracking ? null : claims.ifa) ?? claims.deviceId],
        ['household', claims.householdId],
        ['ip', claims.ip && canonicalIp(claims.ip)],
      ]
    : [];
  const byScope = new Map<CapScope, ScopedIdentity>();
  for (const [scope, id] of ids) {
    if (id !== null && id !== '') byScope.set(scope, { scope, hash: pseudonym(pepper, scope, id) });
  }
  const session = claims.sessionId ? pseudonym(pepper, 'stream', claims.sessionId) : null;
  const known = byScope.get('user') ?? byScope.get('device') ?? byScope.get('household');
  const viewer = known?.hash ?? session ?? fallbackKey(claims, requestId, pepper);
  return { viewer, identities: [...byScope.values()], byScope, session };
}

function fallbackKey(claims: Claims, requestId: string, pepper: string): string {
  if (claims.consent && claims.ip)
    return pseudonym(pepper, 'ip+ua', `${canonicalIp(claims.ip)} ${claims.userAgent ?? ''}`);
  return pseudonym(pepper, 'request', requestId);
}

/** The network of an address: /24 of IPv4, /48 of IPv6. Null when it is no address. */
export function truncateIp(ip: string): string | null {
  if (isIPv4(ip)) return `${ip.split('.').slice(0, 3).join('.')}.0/24`;
  if (!isIPv6(ip)) return null;
  const canonical = canonicalIp(ip);
  if (isIPv4(canonical)) return truncateIp(canonical);
  return `${canonical.split(':').slice(0, 3).join(':')}::/48`;
}

/** One way to write an address that can be written in many; what is none stays as it is. */
export function canonicalIp(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const [tail, a, b, c, d] = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip) ?? [];
  const inHex = tail ? `${ip.slice(0, -tail.length) + hexPair(a, b)}:${hexPair(c, d)}` : ip;
  const groups = expandIpv6(inHex);
  const mapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  if (!mapped) return groups.join(':');
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 255])
    .join('.');
}

function hexPair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function expandIpv6(ip: string): string[] {
  const [head = '', tail] = (ip.split('%')[0] as string).split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].map((group) =>
    (Number.parseInt(group, 16) || 0).toString(16),
  );
}
