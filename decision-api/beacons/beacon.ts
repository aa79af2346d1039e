import { isDeciding } from '../../domain/first-sight.ts';
import type { AdBeacon, TrackingToken } from '../../schemas/records.ts';
import type { Caller } from '../asking/callers.ts';
import type { UserAgentClass } from '../asking/user-agent.ts';
import { limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Traffic } from '../traffic/traffic.ts';
import { type BeaconEvent, isBeaconEvent, isBreakEvent, type Tokens } from './tokens.ts';

/** A beacon as it came: everything but the event may be missing or nonsense. */
export interface RawBeacon {
  readonly event: string;
  readonly t?: unknown;
  readonly cb?: unknown;
  readonly at?: unknown;
  readonly view_ms?: unknown;
  readonly viewability?: unknown;
  readonly audio?: unknown;
  readonly code?: unknown;
  readonly offset?: unknown;
}

export interface BeaconReceipt {
  readonly arrivalId: string;
  readonly receivedAt: number;
  readonly userAgentClass: UserAgentClass;
  readonly caller: Caller;
}

export interface BeaconReaders {
  readonly tokens: Tokens;
  readonly traffic: Traffic;
  readonly metrics: Metrics;
}

/** A genuine beacon and what its token says beside the record. */
export interface GenuineBeacon {
  readonly partition: number;
  readonly record: AdBeacon;
  readonly clickThrough: string | null;
}

/** Checks the signature and reads the numbers. Null: not genuine; it is counted and answered like any other. */
export function readBeacon(
  raw: RawBeacon,
  receipt: BeaconReceipt,
  { tokens, traffic, metrics }: BeaconReaders,
): GenuineBeacon | null {
  if (isBreakEvent(raw.event)) {
    // Of no ad: nothing is billed, capped or reported by it, so it is counted and not written down.
    const said = first(raw.t);
    const outcome = tokens.verifyBreak(raw.event, typeof said === 'string' ? said : '');
    metrics.beacons.inc({ event: raw.event, outcome });
    return null;
  }
  if (!isBeaconEvent(raw.event)) {
    metrics.beacons.inc({ event: 'unknown', outcome: 'unknown_event' });
    return null;
  }
  const given = first(raw.t);
  const verified = tokens.verify(raw.event, typeof given === 'string' ? given : '');
  if (!verified.ok) {
    metrics.beacons.inc({ event: raw.event, outcome: verified.reason });
    return null;
  }
  const { token } = verified;
  const number = (field: NumberField) => readNumber(raw[field], field, metrics);
  const record: AdBeacon = {
    arrival_id: receipt.arrivalId,
    event: raw.event,
    received_at: receipt.receivedAt,
    cachebuster: cachebusterOf(raw.cb),
    viewer: token.viewer,
    request_id: token.request_id,
    reservation: token.reservation,
    campaign: token.campaign,
    creative: token.creative,
    advertiser: token.advertiser,
    position: token.position,
    duration_seconds: token.duration_seconds,
    pricing_model: token.pricing_model,
    price_micros: token.price_micros,
    minute: token.minute,
    expires_at: expiryOf(raw.event, token),
    identities: token.identities,
    country: token.country,
    device_type: token.device_type,
    user_agent_class: receipt.userAgentClass,
    client_at: number('at'),
    view_ms: number('view_ms'),
    viewability_percentage: number('viewability'),
    audio_level: number('audio'),
    error_code: number('code'),
    offset_seconds: raw.event === 'progress' ? readOffset(raw.offset, token.duration_seconds, metrics) : null,
    caller: receipt.caller.class,
    invalid: null,
  };
  const invalid = traffic.beacon(receipt.caller, record, verified.invalid);
  if (invalid !== null) metrics.invalidTraffic.inc({ what: 'beacon', reason: invalid });
  return { partition: token.partition, record: { ...record, invalid }, clickThrough: token.click_through };
}

/**
 * What decides about an ad's place is in time while the place is held, which an exchange may want to be short; what follows while the ad
 * plays, as long as a click at least. A minute's money waits for both.
 */
function expiryOf(event: BeaconEvent, { expires_at, click_expires_at }: TrackingToken): number {
  if (event === 'click') return click_expires_at;
  return isDeciding(event) ? expires_at : Math.max(expires_at, click_expires_at);
}

type NumberField = 'at' | 'view_ms' | 'viewability' | 'audio' | 'code';

/** What is possible; anything else is ignored and counted. */
const largest: Readonly<Record<NumberField, number>> = {
  at: 8.64e15,
  view_ms: 86_400_000,
  viewability: 100,
  audio: 100,
  code: 999,
};

function readNumber(value: unknown, field: NumberField, metrics: Metrics): number | null {
  const given = first(value);
  if (isUnsaid(given)) return null;
  const number = typeof given === 'string' && /^\d{1,16}(\.\d+)?$/.test(given) ? Number(given) : given;
  if (typeof number === 'number' && number >= 0 && number <= largest[field]) return Math.floor(number);
  metrics.beaconFieldsIgnored.inc({ field });
  return null;
}

/** Whole seconds of the ad, from a number or HH:MM:SS.mmm. Bounded by the ad: each of them is an event of its own. */
function readOffset(value: unknown, durationSeconds: number, metrics: Metrics): number | null {
  const given = first(value);
  if (isUnsaid(given)) return null;
  const text = typeof given === 'number' ? String(given) : given;
  const [, hours = 0, minutes = 0, seconds = Number.NaN] =
    (typeof text === 'string' ? /^(?:(\d{1,2}):([0-5]?\d):)?(\d{1,4}(?:\.\d+)?)$/.exec(text) : null) ?? [];
  const offset = Math.floor(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  if (offset >= 0 && offset <= durationSeconds) return offset;
  metrics.beaconFieldsIgnored.inc({ field: 'offset' });
  return null;
}

function cachebusterOf(value: unknown): string | null {
  const given = first(value);
  if (typeof given === 'number') return String(given);
  if (typeof given !== 'string' || given === '' || isMacro(given)) return null;
  return given.slice(0, limits.cachebusterChars);
}

function isUnsaid(value: unknown): boolean {
  return value === undefined || value === null || value === '' || isMacro(value);
}

/** A player that does not know a macro leaves it as it is. */
function isMacro(value: unknown): boolean {
  return typeof value === 'string' && /^\[[A-Z_]+\]$/.test(value);
}

/** A query that repeats a parameter gives a list: the first counts. */
function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
