import { hash, timingSafeEqual } from 'node:crypto';
import { decodeBare, encodeBare, UndecodableError } from '../schemas/codec.ts';
import type { TrackingToken } from '../schemas/records.ts';

/** What a player may report about an ad. */
export const beaconEvents = [
  'impression',
  'start',
  'firstQuartile',
  'midpoint',
  'thirdQuartile',
  'complete',
  'click',
  'mute',
  'unmute',
  'pause',
  'resume',
  'skip',
  'error',
  'notUsed',
] as const;
export type BeaconEvent = (typeof beaconEvents)[number];

const known: ReadonlySet<string> = new Set(beaconEvents);

export function isBeaconEvent(event: string): event is BeaconEvent {
  return known.has(event);
}

export interface TokenKey {
  readonly id: string;
  readonly secret: string;
}

/** `garbled`: not a token. `forged`: a token, but nobody here signed it for this event. */
export type Verified =
  | { readonly ok: true; readonly token: TrackingToken }
  | { readonly ok: false; readonly reason: 'garbled' | 'forged' };

const MAC_BYTES = 16;
const TOKEN_CHARS_MAX = 8_192;

/**
 * Signs and checks tracking tokens: `<keyId>.<base64url facts>.<base64url mac>`, where the MAC is the first 16 bytes of
 * HMAC-SHA256(secret, event + "\n" + keyId + "." + base64url facts). The first key signs, every key verifies.
 */
export class Tokens {
  readonly #keys: ReadonlyMap<string, Mac>;
  readonly #first: TokenKey;
  readonly #firstMac: Mac;

  constructor(keys: readonly TokenKey[]) {
    const [first] = keys;
    if (!first) throw new RangeError('at least one token key is needed');
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, macBy(key.secret)]));
    this.#firstMac = macBy(first.secret);
  }

  /** The part of a token that is the same for every event of an ad: `<keyId>.<base64url facts>`. */
  facts(token: TrackingToken): string {
    return `${this.#first.id}.${encodeBare('tracking-token', token).toString('base64url')}`;
  }

  /** The whole token for one event. A key that is no longer known: the first one signs, under its own id. */
  sign(event: BeaconEvent, facts: string): string {
    const dot = facts.indexOf('.');
    const mac = this.#keys.get(facts.slice(0, dot));
    if (mac !== undefined) return `${facts}.${mac(event, facts).toString('base64url')}`;
    const own = `${this.#first.id}${facts.slice(dot)}`;
    return `${own}.${this.#firstMac(event, own).toString('base64url')}`;
  }

  verify(event: string, token: string): Verified {
    if (token.length > TOKEN_CHARS_MAX) return { ok: false, reason: 'garbled' };
    const [keyId, body, signature, ...rest] = token.split('.');
    if (!keyId || !body || !signature || rest.length > 0) return { ok: false, reason: 'garbled' };
    const mac = this.#keys.get(keyId);
    if (mac === undefined) return { ok: false, reason: 'forged' };
    const given = Buffer.from(signature, 'base64url');
    const wanted = mac(event, `${keyId}.${body}`);
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, wanted)) return { ok: false, reason: 'forged' };
    try {
      return { ok: true, token: decodeBare('tracking-token', Buffer.from(body, 'base64url')) };
    } catch (error) {
      if (error instanceof UndecodableError) return { ok: false, reason: 'garbled' };
      throw error;
    }
  }
}

/** The first 16 bytes of the HMAC of an event and facts. */
type Mac = (event: string, facts: string) => Buffer;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA256 (RFC 2104) as two hashes at once, with the padded secret made ready: an answer is signed dozens of times, and making an
 * Hmac each time takes longer than the hashing.
 */
function macBy(secret: string): Mac {
  const given = Buffer.from(secret);
  const key = given.length > BLOCK_BYTES ? hash('sha256', given, 'buffer') : given;
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
  let inner = Buffer.alloc(2_048).fill(0x36, 0, BLOCK_BYTES);
  for (const [at, byte] of key.entries()) {
    outer[at] = byte ^ 0x5c;
    inner[at] = byte ^ 0x36;
  }
  return (event, facts) => {
    const text = `${event}\n${facts}`;
    const room = BLOCK_BYTES + 3 * text.length;
    if (inner.length < room) inner = Buffer.concat([inner.subarray(0, BLOCK_BYTES)], 2 * room);
    const end = BLOCK_BYTES + inner.write(text, BLOCK_BYTES);
    hash('sha256', inner.subarray(0, end), 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'buffer').subarray(0, MAC_BYTES);
  };
}
