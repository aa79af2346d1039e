import { createHmac, timingSafeEqual } from 'node:crypto';
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
  readonly #keys: ReadonlyMap<string, string>;
  readonly #first: TokenKey;

  constructor(keys: readonly TokenKey[]) {
    const [first] = keys;
    if (!first) throw new RangeError('at least one token key is needed');
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, key.secret]));
  }

  /** The part of a token that is the same for every event of an ad: `<keyId>.<base64url facts>`. */
  facts(token: TrackingToken): string {
    return `${this.#first.id}.${encodeBare('tracking-token', token).toString('base64url')}`;
  }

  /** The whole token for one event. A key that is no longer known: the first one signs, under its own id. */
  sign(event: BeaconEvent, facts: string): string {
    const dot = facts.indexOf('.');
    const secret = this.#keys.get(facts.slice(0, dot));
    if (secret !== undefined) return `${facts}.${mac(secret, event, facts).toString('base64url')}`;
    const own = `${this.#first.id}${facts.slice(dot)}`;
    return `${own}.${mac(this.#first.secret, event, own).toString('base64url')}`;
  }

  verify(event: string, token: string): Verified {
    if (token.length > TOKEN_CHARS_MAX) return { ok: false, reason: 'garbled' };
    const [keyId, body, signature, ...rest] = token.split('.');
    if (!keyId || !body || !signature || rest.length > 0) return { ok: false, reason: 'garbled' };
    const secret = this.#keys.get(keyId);
    if (secret === undefined) return { ok: false, reason: 'forged' };
    const given = Buffer.from(signature, 'base64url');
    const wanted = mac(secret, event, `${keyId}.${body}`);
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, wanted)) return { ok: false, reason: 'forged' };
    try {
      return { ok: true, token: decodeBare('tracking-token', Buffer.from(body, 'base64url')) };
    } catch (error) {
      if (error instanceof UndecodableError) return { ok: false, reason: 'garbled' };
      throw error;
    }
  }
}

function mac(secret: string, event: string, facts: string): Buffer {
  return createHmac('sha256', secret).update(`${event}\n${facts}`).digest().subarray(0, MAC_BYTES);
}
