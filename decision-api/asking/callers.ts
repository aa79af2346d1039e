import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import type { PlayerKey } from '../../engines/catalog/catalog.ts';
import { Problem } from '../../engines/http/problem.ts';
import { addressOf } from '../../engines/pseudonym.ts';
import type { Metrics } from '../metrics.ts';
import { Networks } from '../traffic/networks.ts';
import { classOf } from './user-agent.ts';

/** Who called, as far as we know: somebody, the holder of an API key, or a machine of a network that is trusted. */
export type CallerClass = 'anonymous' | 'key' | 'network';

export interface Caller {
  readonly class: CallerClass;
  readonly key: PlayerKey | null;
  /** Whose what is asked or told is: the key's, else the house's. */
  readonly organisation: string;
  /** The viewer's address: what a trusted caller forwards, else where the call came from; null: not known. */
  readonly address: string | null;
  /** The address was forwarded by a caller who is believed. */
  readonly forwarded: boolean;
  /** The viewer's program; null: not known, since a caller who is known calls for somebody else. */
  readonly userAgent: string | null;
}

/** What of a request says who calls. */
export interface CallingRequest {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
}

export interface CallersParts {
  readonly trustedNetworks: readonly string[];
  /** `known`: who is not gets no ads. */
  readonly callers: 'open' | 'known';
  readonly keys: () => ReadonlyMap<string, PlayerKey>;
  readonly now: () => number;
  readonly metrics: Metrics;
}

const keyForm = /^bw_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;

/** Tells who calls. Only of callers who are known are X-Device-IP, X-Device-User-Agent and X-Forwarded-For believed. */
export class Callers {
  readonly #parts: CallersParts;
  readonly #trusted: Networks;

  constructor(parts: CallersParts) {
    this.#parts = parts;
    this.#trusted = new Networks(parts.trustedNetworks);
  }

  /** Who reports: nobody is refused, a key that is none says nothing. */
  ofBeacon(request: CallingRequest): Caller {
    const told = keyOf(request.headers);
    return this.#callerOf(request, told === null ? null : this.#find(told));
  }

  /** Who asks for ads. Throws Problem 401: the key is not good, or there has to be one. */
  ofRequest(request: CallingRequest): Caller {
    const caller = this.withScope(request, 'ads:request');
    if (caller.class === 'anonymous' && this.#parts.callers === 'known') {
      throw new Problem(401, 'Not known', 'an API key with the scope ads:request is needed, or a trusted network');
    }
    this.#parts.metrics.callers.inc({ caller: caller.class });
    return caller;
  }

  /** Throws Problem 401 where a key is told and is not good, 403 where it may not do that. */
  withScope(request: CallingRequest, scope: string): Caller {
    const told = keyOf(request.headers);
    const key = told === null ? null : this.#find(told);
    if (told !== null && key === null) {
      throw new Problem(401, 'Not known', 'this API key is unknown, revoked or has expired');
    }
    if (key !== null && !key.scopes.includes(scope)) {
      throw new Problem(403, 'Not allowed', `this API key has not the scope ${scope}`);
    }
    return this.#callerOf(request, key);
  }

  #find(told: string): PlayerKey | null {
    const prefix = keyForm.exec(told)?.[1];
    const key = prefix === undefined ? undefined : this.#parts.keys().get(prefix);
    if (key === undefined) return null;
    if (key.expiresAt !== null && key.expiresAt <= this.#parts.now()) return null;
    const hash = createHash('sha256').update(told).digest();
    return timingSafeEqual(hash, Buffer.from(key.hash, 'hex')) ? key : null;
  }

  #callerOf(request: CallingRequest, key: PlayerKey | null): Caller {
    const { headers } = request;
    const trusted = key === null && this.#trusted.size > 0 && this.#trusted.has(request.ip);
    const own = headers['user-agent'] ?? null;
    if (key === null && !trusted) {
      // A stitcher that nobody vouches for is no viewer, and no robot either.
      const userAgent = own !== null && classOf(own) === 'stitcher' ? null : own;
      return {
        class: 'anonymous',
        key: null,
        organisation: HOUSE_ORGANISATION,
        address: request.ip,
        forwarded: false,
        userAgent,
      };
    }
    const forwarded = addressOf(one(headers['x-device-ip'])) ?? this.#behind(one(headers['x-forwarded-for']));
    const told = one(headers['x-device-user-agent']);
    // A proxy passes on what the player calls itself; the holder of a key calls itself something.
    const passed = trusted && own !== null && classOf(own) !== 'stitcher' ? own : null;
    return {
      class: key === null ? 'network' : 'key',
      key,
      organisation: key?.organisation ?? HOUSE_ORGANISATION,
      address: forwarded,
      forwarded: forwarded !== null,
      userAgent: told ?? passed,
    };
  }

  /** The nearest hop that is not one of ours: what stands before it anybody may have written. Null: that hop is no address. */
  #behind(header: string | null): string | null {
    const hops = header?.split(',').flatMap((hop) => hop.trim() || []) ?? [];
    const ofOthers = hops.slice(-hopsRead).findLast((hop) => !this.#isOurs(hop));
    return addressOf(ofOthers ?? null);
  }

  #isOurs(hop: string): boolean {
    const address = addressOf(hop);
    return address !== null && this.#trusted.has(address);
  }
}

/** The nearest ones: a chain is longer than this only where somebody made it up. */
const hopsRead = 32;

/** A bearer that is none of our keys is somebody else's, who passes the request on: the other header counts. */
function keyOf(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(bw_.*)$/i.exec(headers.authorization ?? '')?.[1];
  const told = bearer ?? one(headers['x-api-key']);
  return told?.startsWith('bw_') ? told.trim() : null;
}

function one(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
