import type { AdBeacon } from '../schemas/records.ts';
import { billableEvent, type Micros, micros } from './money.ts';

/** What of a beacon decides about first sight and money. */
export type BeaconFacts = ClaimFacts & Pick<AdBeacon, 'pricing_model' | 'price_micros' | 'expires_at'>;

/** What of a beacon says which ids it claims. */
export type ClaimFacts = Pick<AdBeacon, 'reservation' | 'event' | 'offset_seconds' | 'invalid'>;

/** How one beacon counts. A pure function of the log: the same for every worker and every rebuild. */
export interface Judgement {
  /** Not the lowest offset of its (reservation, event). */
  readonly duplicate: boolean;
  /** Appended after its token expired. */
  readonly late: boolean;
  /** Of impression, notUsed and error: it decided what became of the reservation. An error that does is fatal. */
  readonly decisive: boolean;
  /** First of its kind, on time, no invalid traffic and, if an impression, not after a release. Counts in windows and roll-ups. */
  readonly billable: boolean;
  /** The price if this is the event that its pricing model bills, else 0. */
  readonly spend_micros: Micros;
}

const competitors: ReadonlySet<string> = new Set(['impression', 'notUsed', 'error']);

/** Whether an event of this kind may decide what becomes of an ad's place. */
export function isDeciding(event: string): boolean {
  return competitors.has(event);
}

/**
 * The ids that a beacon claims, its own kind first: `<reservation>:<event>`, and `<reservation>:outcome` if it is an
 * impression, `notUsed` or an error. The lowest offset holds an id. All beacons of a reservation are in one partition.
 * Progress is a kind of its own for each of its offsets. Invalid traffic takes nothing from anybody: its ids are its own.
 */
export function outcomeOf(beacon: ClaimFacts): readonly string[] {
  const kind = beacon.offset_seconds === null ? beacon.event : `${beacon.event}@${beacon.offset_seconds}`;
  const own = `${beacon.reservation}:${kind}`;
  if (beacon.invalid !== null) return [`${own}:invalid`];
  return isDeciding(beacon.event) ? [own, `${beacon.reservation}:outcome`] : [own];
}

/** `holders`: the offsets that hold the ids of `outcomeOf(beacon)`, in that order. */
export function isBillable(
  beacon: Pick<AdBeacon, 'event' | 'expires_at' | 'invalid'>,
  appendedAt: number,
  offset: number,
  holders: readonly number[],
): boolean {
  if (appendedAt > beacon.expires_at) return false;
  if (beacon.invalid !== null) return false;
  return beacon.event === 'impression' ? holders.every((holder) => holder === offset) : holders[0] === offset;
}

/** Whether a beacon can be billable at all, and so claims its ids in the state store. */
export function mayClaim(beacon: Pick<AdBeacon, 'expires_at' | 'invalid'>, appendedAt: number): boolean {
  return appendedAt <= beacon.expires_at && beacon.invalid === null;
}

/** Judges one beacon; `holders` as in `isBillable`. */
export function judge(beacon: BeaconFacts, appendedAt: number, offset: number, holders: readonly number[]): Judgement {
  const billable = isBillable(beacon, appendedAt, offset, holders);
  return {
    duplicate: holders[0] !== offset,
    late: appendedAt > beacon.expires_at,
    decisive: holders[1] === offset,
    billable,
    spend_micros: micros(billable && beacon.event === billedEvent(beacon.pricing_model) ? beacon.price_micros : 0),
  };
}

/** The event that a pricing model bills; null for flat and for what this release does not know. */
export function billedEvent(pricingModel: string): string | null {
  return Object.hasOwn(billableEvent, pricingModel) ? billableEvent[pricingModel as keyof typeof billableEvent] : null;
}
