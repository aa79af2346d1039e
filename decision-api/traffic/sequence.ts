import type { AdBeacon } from '../../schemas/records.ts';

/** The part of an ad that must have played before each of these. */
const played: ReadonlyMap<string, number> = new Map([
  ['firstQuartile', 0.25],
  ['midpoint', 0.5],
  ['thirdQuartile', 0.75],
  ['complete', 1],
]);

/** Clocks of two machines may differ by so much, and an ad be so much shorter than its creative says. */
const SKEW_MS = 2_000;
const SHORTER = 0.9;

export type SequenceFacts = Pick<
  AdBeacon,
  'event' | 'reservation' | 'minute' | 'duration_seconds' | 'offset_seconds' | 'received_at'
>;

/**
 * Impossible by the record alone: received before its ad was decided, or when so much of the ad cannot have been played since.
 * A reservation is a UUIDv7, which tells its moment to the millisecond; where it tells another minute, the minute's beginning counts.
 */
export function impossible(beacon: SequenceFacts, speed: number): 'before_request' | 'too_fast' | null {
  const decidedAt = decidedAtOf(beacon);
  if (beacon.received_at + SKEW_MS < decidedAt) return 'before_request';
  const leastMs = leastPlayedMs(beacon, speed);
  return leastMs > 0 && beacon.received_at + SKEW_MS / speed < decidedAt + leastMs ? 'too_fast' : null;
}

function decidedAtOf({ reservation, minute }: SequenceFacts): number {
  const told = Number.parseInt(reservation.slice(0, 8) + reservation.slice(9, 13), 16);
  return Math.floor(told / 60_000) === minute ? told : minute * 60_000;
}

function leastPlayedMs({ event, duration_seconds, offset_seconds }: SequenceFacts, speed: number): number {
  const seconds = offset_seconds ?? (played.get(event) ?? 0) * duration_seconds;
  return (seconds * 1_000 * SHORTER) / speed;
}

/** Impressions that came here, so that what follows too soon is seen: what came to another instance is not known. */
export class Sequences {
  readonly #begun = new Map<string, number>();

  /**
   * Notes impressions; `too_fast`: since this ad's impression so much of it cannot have been played. What comes in one call with it,
   * as a batch or v1's `completed`, says nothing of the time between: there the time since the decision alone counts.
   */
  tooFast(beacon: SequenceFacts, speed: number): boolean {
    const { event, reservation, received_at } = beacon;
    if (event === 'impression') {
      if (this.#begun.size >= impressionsRemembered) {
        const [oldest] = this.#begun.keys();
        if (oldest !== undefined) this.#begun.delete(oldest);
      }
      if (!this.#begun.has(reservation)) this.#begun.set(reservation, received_at);
      return false;
    }
    const begun = this.#begun.get(reservation);
    if (begun === undefined || begun === received_at) return false;
    const leastMs = leastPlayedMs(beacon, speed);
    return leastMs > 0 && received_at + SKEW_MS / speed < begun + leastMs;
  }
}

const impressionsRemembered = 100_000;
