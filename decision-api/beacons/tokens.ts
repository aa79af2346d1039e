import { hash, timingSafeEqual } from 'node:crypto';
import { decodeBare, encodeBare, UndecodableError } from '../../schemas/codec.ts';
import type { TrackingToken } from '../../schemas/records.ts';

/** What a player may report about an ad. A token's MAC stands at its event's place in this list: what is new goes to the end. */
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
  'creativeView',
  'rewind',
  'closeLinear',
  'acceptInvitation',
  'viewable',
  'progress',
  'notViewable',
  'viewUndetermined',
  'loaded',
  'fullscreen',
  'exitFullscreen',
  'iconView',
  'iconClick',
  'companionView',
  'companionClick',
  'verificationNotExecuted',
  'interactiveStart',
  'otherAdInteraction',
] as const;
export type BeaconEvent = (typeof beaconEvents)[number];

/** What a player may report about a break, also one without ads; each is signed at its place in this list. */
export const breakEvents = ['breakStart', 'breakEnd', 'breakError'] as const;
export type BreakEvent = (typeof breakEvents)[number];

export function isBreakEvent(event: string): event is BreakEvent {
  return (breakEvents as readonly string[]).includes(event);
}

/** So many of them, from the first, stand in every JSON answer; the rest only where a document has a place for them. */
export const everydayEvents: number = beaconEvents.indexOf('progress') + 1;

const places: ReadonlyMap<string, number> = new Map(beaconEvents.map((event, at) => [event, at]));

export function isBeaconEvent(event: string): event is BeaconEvent {
  return places.has(event);
}

export interface TokenKey {
  readonly id: string;
  readonly secret: string;
}

/** `garbled`: not a token. `forged`: a token, but nobody here signed it for this event. */
export type Verified =
  | {
      readonly ok: true;
      readonly token: TrackingToken;
      /** Why its request was invalid traffic; null: it was not. */
      readonly invalid: string | null;
    }
  | { readonly ok: false; readonly reason: 'garbled' | 'forged' };

/** A multiple of three, so that the text of all MACs of an ad is the texts of each, one behind the other. */
const MAC_BYTES = 18;
const MAC_CHARS = 24;
const TOKEN_CHARS_MAX = 8_192;

/** What stands between the facts and a reason why their request is invalid traffic; no part of base64url. */
const NOTE = '~';

/** The tokens of one ad, by event. */
export interface SignedAd {
  /** What all of them begin with: `<keyId>.<base64url facts>.` */
  readonly begin: string;
  /** What is behind it, of an event by its place in `beaconEvents`. */
  mac(place: number): string;
}

/**
 * Signs and checks tracking tokens: `<keyId>.<base64url facts>.<base64url mac>`; of a request that was invalid traffic
 * `<keyId>.<base64url facts>~<reason>.<base64url mac>`, so that all that follows from it is too. The MACs of an ad are SHAKE256 over a block made of the
 * secret, then `<keyId>.<base64url facts>`: 18 bytes of its output for each of `beaconEvents`, in their order. One says nothing of
 * the others. The first key signs, every key verifies.
 */
export class Tokens {
  readonly #newest: () => readonly TokenKey[];
  #given = '';
  #keys: ReadonlyMap<string, Macs> = new Map();
  #first: TokenKey = { id: '', secret: '' };
  #firstMacs: Macs = macsBy('');

  /** `newest`: asked where a token names a key that is not known. */
  constructor(keys: readonly TokenKey[], newest: () => readonly TokenKey[] = () => keys) {
    this.#newest = newest;
    this.replace(keys);
  }

  /** Takes other keys. */
  replace(keys: readonly TokenKey[]): void {
    const [first] = keys;
    if (!first) throw new RangeError('at least one token key is needed');
    const given = keys.map(({ id, secret }) => `${id}:${secret}`).join();
    if (given === this.#given) return;
    this.#given = given;
    this.#first = first;
    this.#keys = new Map(keys.map((key) => [key.id, macsBy(key.secret)]));
    this.#firstMacs = macsBy(first.secret);
  }

  #macsOf(keyId: string): Macs | undefined {
    const known = this.#keys.get(keyId);
    if (known !== undefined) return known;
    this.replace(this.#newest());
    return this.#keys.get(keyId);
  }

  /** The part of a token that is the same for every event of an ad: `<keyId>.<base64url facts>`, and a reason behind it. */
  facts(token: TrackingToken, invalid: string | null = null): string {
    const facts = `${this.#first.id}.${encodeBare('tracking-token', token).toString('base64url')}`;
    return invalid === null ? facts : facts + NOTE + invalid;
  }

  /** The tokens for the first `events` of an ad. A key that is no longer known: the first one signs, under its own id. */
  signAll(facts: string, events: number = beaconEvents.length): SignedAd {
    const dot = facts.indexOf('.');
    const known = this.#keys.get(facts.slice(0, dot));
    const begin = known === undefined ? `${this.#first.id}${facts.slice(dot)}` : facts;
    const macs = (known ?? this.#firstMacs)(begin, events).toString('base64url');
    return { begin: `${begin}.`, mac: (place) => macs.slice(MAC_CHARS * place, MAC_CHARS * (place + 1)) };
  }

  /** The whole token for one event. */
  sign(event: BeaconEvent, facts: string): string {
    const { begin, mac } = this.signAll(facts);
    return begin + mac(beaconEvents.indexOf(event));
  }

  /** The token of a break: `<keyId>.~<base64url of its request's id>.<mac>`. What begins with the mark is never an ad's. */
  signBreak(event: BreakEvent, requestId: string): string {
    const facts = `${this.#first.id}.${NOTE}${Buffer.from(requestId).toString('base64url')}`;
    const place = breakEvents.indexOf(event);
    const mac = this.#firstMacs(facts, place + 1).subarray(MAC_BYTES * place);
    return `${facts}.${mac.toString('base64url')}`;
  }

  verifyBreak(event: BreakEvent, token: string): 'accepted' | 'forged' | 'garbled' {
    const [keyId = '', body = '', signature = '', ...rest] = token.length > TOKEN_CHARS_MAX ? [] : token.split('.');
    if (!body.startsWith(NOTE) || signature === '' || rest.length > 0) return 'garbled';
    const place = breakEvents.indexOf(event);
    const wanted = this.#macsOf(keyId)?.(`${keyId}.${body}`, place + 1).subarray(MAC_BYTES * place);
    const given = Buffer.from(signature, 'base64url');
    return wanted && given.length === MAC_BYTES && timingSafeEqual(given, wanted) ? 'accepted' : 'forged';
  }

  verify(event: string, token: string): Verified {
    if (token.length > TOKEN_CHARS_MAX) return { ok: false, reason: 'garbled' };
    const [keyId, body, signature, ...rest] = token.split('.');
    if (!keyId || !body || !signature || rest.length > 0) return { ok: false, reason: 'garbled' };
    const macs = this.#macsOf(keyId);
    const place = places.get(event);
    if (macs === undefined || place === undefined) return { ok: false, reason: 'forged' };
    const given = Buffer.from(signature, 'base64url');
    const wanted = macs(`${keyId}.${body}`, place + 1).subarray(MAC_BYTES * place, MAC_BYTES * (place + 1));
    if (given.length !== MAC_BYTES || !timingSafeEqual(given, wanted)) return { ok: false, reason: 'forged' };
    const facts = readFacts(body);
    return facts === null
      ? { ok: false, reason: 'garbled' }
      : { ok: true, token: facts, invalid: body.split(NOTE, 2)[1] ?? null };
  }
}

/** What a token says, whoever made it. Null: nothing. */
export function unverifiedFacts(token: string): TrackingToken | null {
  return token.length > TOKEN_CHARS_MAX ? null : readFacts(token.split('.')[1] ?? '');
}

function readFacts(body: string): TrackingToken | null {
  try {
    return decodeBare('tracking-token', Buffer.from(body.split(NOTE, 1)[0] ?? '', 'base64url'));
  } catch (error) {
    if (error instanceof UndecodableError) return null;
    throw error;
  }
}

/** The MACs of facts for the first `events`, one behind the other: SHAKE256 gives more of the same where more is wanted. */
type Macs = (facts: string, events: number) => Buffer;

/** SHAKE256 takes in so many bytes at once: as in KMAC, the secret has the first of these blocks to itself. */
const BLOCK_BYTES = 136;

/** An answer is signed dozens of times: an HMAC for each event would take longer than all the rest of an ad. */
function macsBy(secret: string): Macs {
  let room = Buffer.alloc(2_048);
  room.set(hash('shake256', secret, { outputEncoding: 'buffer', outputLength: BLOCK_BYTES }));
  return (facts, events) => {
    const most = BLOCK_BYTES + 3 * facts.length;
    if (room.length < most) room = Buffer.concat([room.subarray(0, BLOCK_BYTES)], 2 * most);
    const end = BLOCK_BYTES + room.write(facts, BLOCK_BYTES);
    return hash('shake256', room.subarray(0, end), { outputEncoding: 'buffer', outputLength: MAC_BYTES * events });
  };
}
