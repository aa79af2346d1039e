import type { FrequencyEntry, FrequencyRecord } from '../../schemas/records.ts';
import type { FrequencyCap } from '../campaign.ts';

/** What an ad would occupy under one identity. */
export interface Place {
  readonly reservation: string;
  readonly campaignId: string;
  readonly creativeId: string;
  /** The partition that its beacons go to. */
  readonly partition: number;
  /** Epoch ms; an impression appended later is not billable, and frees the place. */
  readonly expiresAt: number;
}

/** The frequency group's watermarks in epoch ms, as last read: old ones hold more, never less. */
export interface Marks {
  of(partition: number): number;
  readonly lowest: number;
}

export interface Wanted {
  readonly place: Place;
  /** All of the campaign's caps in the scope of the record, other creatives' too: the longest says what may be forgotten. */
  readonly caps: readonly FrequencyCap[];
}

export interface Refusal {
  readonly reservation: string;
  readonly cap: FrequencyCap;
}

export function emptyFrequency(): FrequencyRecord {
  return { entries: [] };
}

/**
 * How many places of the cap are taken, seen from `partition`.
 *
 * Outstanding places count as now: their impression may still come at any time up to their expiry, and only their
 * own partition's watermark can rule that out. Confirmed ones count until they are a window older than the
 * watermark of the asking partition, which no impression of this decision can be appended before.
 */
export function countInWindow(
  record: FrequencyRecord,
  cap: FrequencyCap,
  campaignId: string,
  partition: number,
  marks: Marks,
): number {
  const windowBegins = marks.of(partition) - cap.windowSeconds * 1000;
  let count = 0;
  for (const entry of record.entries) {
    if (entry.campaign !== campaignId) continue;
    if (cap.creativeId !== null && entry.creative !== cap.creativeId) continue;
    if (entry.state === 'OUTSTANDING' && !hasExpired(entry, marks)) count++;
    if (entry.state === 'CONFIRMED' && entry.at >= windowBegins) count++;
  }
  return count;
}

/** Takes a place for each wanted ad in turn, or says which cap refused it. A reservation that is there already is accepted. */
export function reserve(
  record: FrequencyRecord,
  wanted: readonly Wanted[],
  marks: Marks,
): { readonly record: FrequencyRecord; readonly refused: readonly Refusal[] } {
  let current: FrequencyRecord = { entries: sweep(record.entries, wanted, marks) };
  const refused: Refusal[] = [];
  for (const { place, caps } of wanted) {
    if (current.entries.some((entry) => entry.reservation === place.reservation)) continue;
    const reached = caps.find(
      (cap) =>
        (cap.creativeId === null || cap.creativeId === place.creativeId) &&
        countInWindow(current, cap, place.campaignId, place.partition, marks) >= cap.max,
    );
    if (reached) refused.push({ reservation: place.reservation, cap: reached });
    else current = { entries: [...current.entries, outstanding(place)] };
  }
  return { record: current, refused };
}

/** The impression of a place, appended at `appendedAt`, was billable. Repeating it changes nothing. */
export function confirm(record: FrequencyRecord, place: Place, appendedAt: number): FrequencyRecord {
  const known = record.entries.find((entry) => entry.reservation === place.reservation);
  if (known && known.state !== 'OUTSTANDING') return record;
  const confirmed: FrequencyEntry = { ...outstanding(place), state: 'CONFIRMED', at: appendedAt };
  if (!known) return { entries: [...record.entries, confirmed] };
  return { entries: record.entries.map((entry) => (entry === known ? confirmed : entry)) };
}

/** The place will never see a billable impression. Repeating it, or releasing what is not there, changes nothing. */
export function release(record: FrequencyRecord, reservation: string): FrequencyRecord {
  return {
    entries: record.entries.map((entry) =>
      entry.reservation === reservation && entry.state === 'OUTSTANDING' ? { ...entry, state: 'RELEASED' } : entry,
    ),
  };
}

/** Places that still wait for their impression. */
export function heldPlaces(record: FrequencyRecord, marks: Marks): number {
  return record.entries.filter((entry) => entry.state === 'OUTSTANDING' && !hasExpired(entry, marks)).length;
}

function outstanding(place: Place): FrequencyEntry {
  return {
    reservation: place.reservation,
    campaign: place.campaignId,
    creative: place.creativeId,
    partition: place.partition,
    expires_at: place.expiresAt,
    state: 'OUTSTANDING',
    at: 0,
  };
}

/** A watermark beyond the expiry means that every on-time impression has been applied: none can come any more. */
function hasExpired(entry: FrequencyEntry, marks: Marks): boolean {
  return marks.of(entry.partition) > entry.expires_at;
}

/** 31 days: a confirmed view older than that counts in no window. */
const LONGEST_WINDOW_MS = 31 * 24 * 3_600_000;

/** Drops what no decider can count any more, whichever partition it asks from: hence the lowest watermark. */
function sweep(entries: readonly FrequencyEntry[], wanted: readonly Wanted[], marks: Marks): readonly FrequencyEntry[] {
  const longest = new Map<string, number>();
  for (const { place, caps } of wanted) {
    const known = longest.get(place.campaignId) ?? 0;
    longest.set(place.campaignId, Math.max(known, ...caps.map((cap) => cap.windowSeconds * 1000)));
  }
  return entries.filter((entry) => {
    if (entry.state !== 'CONFIRMED') return !hasExpired(entry, marks);
    return entry.at >= marks.lowest - (longest.get(entry.campaign) ?? LONGEST_WINDOW_MS);
  });
}
