import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';

const HASH_BYTES = 16;

/**
 * HMAC-SHA256(pepper, scope + ":" + id), its first 16 bytes as 22 base64url characters. An address (scope `ip`) may be written in
 * any way.
 */
export function pseudonym(pepper: string, scope: string, id: string): string {
  return createHmac('sha256', pepper)
    .update(`${scope}:${scope === 'ip' ? canonicalIp(id) : id}`)
    .digest()
    .subarray(0, HASH_BYTES)
    .toString('base64url');
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
