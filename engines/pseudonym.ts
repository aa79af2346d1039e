import { hash } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';

const HASH_BYTES = 16;

/**
 * HMAC-SHA256(pepper, scope + ":" + id), its first 16 bytes as 22 base64url characters. An address (scope `ip`) may be written in
 * any way.
 */
export function pseudonym(pepper: string, scope: string, id: string): string {
  const text = `${scope}:${scope === 'ip' ? canonicalIp(id) : id}`;
  return hmac(pepper, text).toString('base64url', 0, HASH_BYTES);
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** The blocks that HMAC (RFC 2104) makes of a pepper; behind them is room for what is hashed. */
interface Pads {
  inner: Buffer;
  readonly outer: Buffer;
}

/** By pepper: an organisation has one, or while it changes two. */
const padsBy = new Map<string, Pads>();
const peppersKept = 1_000;

/** HMAC-SHA256 as two hashes at once: a request has some of them, and making an Hmac takes longer than the hashing. */
function hmac(pepper: string, text: string): Buffer {
  const pads = padsBy.get(pepper) ?? addPads(pepper);
  const most = BLOCK_BYTES + 3 * text.length;
  if (pads.inner.length < most) pads.inner = Buffer.concat([pads.inner.subarray(0, BLOCK_BYTES)], 2 * most);
  const end = BLOCK_BYTES + pads.inner.write(text, BLOCK_BYTES);
  hash('sha256', pads.inner.subarray(0, end), 'buffer').copy(pads.outer, BLOCK_BYTES);
  return hash('sha256', pads.outer, 'buffer');
}

function addPads(pepper: string): Pads {
  const given = Buffer.from(pepper);
  const key = given.length > BLOCK_BYTES ? hash('sha256', given, 'buffer') : given;
  const pads = {
    inner: Buffer.alloc(1_024).fill(0x36, 0, BLOCK_BYTES),
    outer: Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c),
  };
  for (const [at, byte] of key.entries()) {
    pads.inner[at] = byte ^ 0x36;
    pads.outer[at] = byte ^ 0x5c;
  }
  if (padsBy.size >= peppersKept) padsBy.clear();
  padsBy.set(pepper, pads);
  return pads;
}

/** With or without a port. Null: no address. */
export function addressOf(text: string | null): string | null {
  if (text === null) return null;
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? null : bare;
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
