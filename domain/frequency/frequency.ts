import type { FrequencyEntry, FrequencyRecord, ViewTotal } from '../../schemas/records.ts';
import type { FrequencyCap } from '../campaign.ts';
import { keptMsOf, LONGEST_WINDOW_MS, windowMsOf } from './kept.ts';

/** What an ad would occupy under one identity. */
export interface Place {
  readonly reservation: string;
  readonly campaignId: string;
  readonly creativeId: string;
  /** The partition that its beacons go to. */
  readonly partition: number;
  /** Epoch ms; an impression appended later is not billable, and frees the place. */
  readonly expiresAt: number;
  /** For how long (ms) some cap counts its view, where who puts it back knows: see `countedMs`. */
  readonly keptMs?: number;
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

/** A place in a record, whatever else the record says of it. */
export type Counted = Pick<
  FrequencyEntry,
  'reservation' | 'campaign' | 'creative' | 'partition' | 'expires_at' | 'state' | 'at'
>;

/**
 * A cap counts from its creation, which a clock of the catalog told and append times are held against: views of so much before
 * count too, so that clocks that differ let none pass.
 */
export const CREATION_MARGIN_MS = 60_000;

export function emptyFrequency(): FrequencyRecord {
  return { entries: [], totals: [], erased_at: 0 };
}

/**
 * How many places of the cap are taken, seen from `partition`.
 *
 * Outstanding places count as now: their impression may still come at any time up to their expiry, and only their
 * own partition's watermark can rule that out. Confirmed ones count until they are a window older than the
 * watermark of the asking partition, which no impression of this decision can be appended before.
 */
export function countInWindow(
  record: { readonly entries: readonly Counted[]; readonly totals?: readonly ViewTotal[] },
  cap: FrequencyCap,
  campaignId: string,
  partition: number,
  marks: Marks,
): number {
  const windowBegins = cap.windowSeconds === null ? 0 : marks.of(partition) - cap.windowSeconds * 1000;
  const begins = Math.max(windowBegins, beginOf(cap));
  let count = 0;
  for (const entry of record.entries) {
    if (entry.campaign !== campaignId) continue;
    if (cap.creativeId !== null && entry.creative !== cap.creativeId) continue;
    if (entry.state === 'OUTSTANDING' && !hasExpired(entry, marks)) count++;
    if (entry.state === 'CONFIRMED' && entry.at >= begins) count++;
  }
  if (cap.windowSeconds !== null) return count;
  for (const total of record.totals ?? []) {
    if (total.campaign !== campaignId || total.last_at < begins) continue;
    if (cap.creativeId === null || total.creative === cap.creativeId) count += total.views;
  }
  return count;
}

function beginOf({ countsFrom = 0 }: FrequencyCap): number {
  return countsFrom - CREATION_MARGIN_MS;
}

/** Takes a place for each wanted ad in turn, or says which cap refused it. A reservation that is there already is accepted. */
export function reserve(
  record: FrequencyRecord,
  wanted: readonly Wanted[],
  marks: Marks,
): { readonly record: FrequencyRecord; readonly refused: readonly Refusal[] } {
  let current = sweep(record, wanted, marks);
  const refused: Refusal[] = [];
  for (const { place, caps } of wanted) {
    if (isKnown(current.entries, place.reservation)) continue;
    const reached = reachedCap(current, place, caps, marks);
    if (reached) refused.push({ reservation: place.reservation, cap: reached });
    else {
      const keptMs = Math.max(keptMsOf(current, place.campaignId), ...caps.map(windowMsOf));
      const entry = { ...outstanding(place, caps.some(isLifetime)), at: keptMs };
      current = { ...current, entries: [...current.entries, entry] };
    }
  }
  return { record: current, refused };
}

/** The first cap that has no room for the place. */
export function reachedCap(
  record: Parameters<typeof countInWindow>[0],
  place: Place,
  caps: readonly FrequencyCap[],
  marks: Marks,
): FrequencyCap | undefined {
  return caps.find(
    (cap) =>
      (cap.creativeId === null || cap.creativeId === place.creativeId) &&
      countInWindow(record, cap, place.campaignId, place.partition, marks) >= cap.max,
  );
}

export function isLifetime({ scope, windowSeconds }: Pick<FrequencyCap, 'scope' | 'windowSeconds'>): boolean {
  return windowSeconds === null && scope !== 'pod' && scope !== 'stream';
}

/** Whether a view appended at `at` (epoch ms) is counted by a lifetime cap of this scope: it must not be forgotten with the windows. */
export function countsForLife(caps: readonly FrequencyCap[], scope: string, at: number): boolean {
  return caps.some((cap) => cap.scope === scope && isLifetime(cap) && at >= beginOf(cap));
}

/**
 * Puts a place back that a store forgot, whatever the caps say: it was given. One that is known stays as it is, but for what its
 * beacon did not know. `servedAt`: when its request came, see `cameAt`.
 */
export function restore(record: FrequencyRecord, place: Place, forLife = false, servedAt = Infinity): FrequencyRecord {
  if (servedAt <= record.erased_at) return record;
  const known = record.entries.find((entry) => entry.reservation === place.reservation);
  if (known === undefined) return { ...record, entries: [...record.entries, outstanding(place, forLife)] };
  if (known.for_life || !forLife) return record;
  return {
    ...record,
    entries: record.entries.map((entry) => (entry === known ? { ...known, for_life: true } : entry)),
  };
}

/**
 * The impression of a place, appended at `appendedAt`, was billable. Repeating it changes nothing. `forLife`: a lifetime cap counts it,
 * also one that was not there yet when the place was given. `seenAt`: when the impression came, see `cameAt`.
 */
export function confirm(
  record: FrequencyRecord,
  place: Place,
  appendedAt: number,
  forLife = false,
  seenAt = appendedAt,
): FrequencyRecord {
  if (seenAt <= record.erased_at && !isKnown(record.entries, place.reservation)) return record;
  const entries = confirmEntry(record.entries, place.reservation, (known = outstanding(place, false)) => ({
    ...known,
    expires_at: appendedAt + Math.max(known.at, place.keptMs ?? 0),
    state: 'CONFIRMED',
    at: appendedAt,
  }));
  if (entries === record.entries) return record;
  const confirmed = { ...record, entries };
  return forLife ? restore(confirmed, place, true) : confirmed;
}

/**
 * Whether the view of a place, appended at `at`, may stand in a total: then its reservation is in no entry any more, and nobody can tell.
 * Only of one that is older than every window can it be so.
 */
export function isInTotal({ totals }: FrequencyRecord, { campaignId, creativeId }: Place, at: number): boolean {
  return totals.some(
    ({ campaign, creative, last_at }) => campaign === campaignId && creative === creativeId && last_at >= at,
  );
}

/** The place will never see a billable impression. Repeating it, or releasing what is not there, changes nothing. */
export function release(record: FrequencyRecord, reservation: string): FrequencyRecord {
  return { ...record, entries: releaseEntry(record.entries, reservation) };
}

/** Confirms an outstanding entry; one that is not there is made. The very same list where nothing changes. */
export function confirmEntry<E extends Counted>(
  entries: readonly E[],
  reservation: string,
  confirmed: (known: E | undefined) => E,
): readonly E[] {
  const known = entries.find((entry) => entry.reservation === reservation);
  if (known === undefined) return [...entries, confirmed(known)];
  if (known.state !== 'OUTSTANDING') return entries;
  return entries.map((entry) => (entry === known ? confirmed(known) : entry));
}

export function releaseEntry<E extends Counted>(entries: readonly E[], reservation: string): readonly E[] {
  return entries.map((entry) =>
    entry.reservation === reservation && entry.state === 'OUTSTANDING' ? { ...entry, state: 'RELEASED', at: 0 } : entry,
  );
}

/** Places that still wait for their impression. */
export function heldPlaces(record: { readonly entries: readonly Counted[] }, marks: Marks): number {
  return record.entries.filter((entry) => entry.state === 'OUTSTANDING' && !hasExpired(entry, marks)).length;
}

/** Something in it counts for a whole life, so that it must not run out with the longest window. */
export function lastsForLife({ entries, totals }: FrequencyRecord): boolean {
  return totals.length > 0 || entries.some((entry) => entry.for_life);
}

/** A watermark beyond the expiry means that every on-time impression has been applied: none can come any more. */
export function hasExpired(entry: Counted, marks: Marks): boolean {
  return marks.of(entry.partition) > entry.expires_at;
}

function isKnown(entries: readonly Counted[], reservation: string): boolean {
  return entries.some((entry) => entry.reservation === reservation);
}

function outstanding(place: Place, forLife: boolean): FrequencyEntry {
  return {
    reservation: place.reservation,
    campaign: place.campaignId,
    creative: place.creativeId,
    partition: place.partition,
    expires_at: place.expiresAt,
    state: 'OUTSTANDING',
    at: place.keptMs ?? 0,
    for_life: forLife,
  };
}

/**
 * Drops what no decider can count any more, whichever partition it asks from: hence the lowest watermark. What a lifetime cap
 * counts goes into a total, once it is so old that no repetition of the log can name its reservation again.
 */
function sweep(record: FrequencyRecord, wanted: readonly Wanted[], marks: Marks): FrequencyRecord {
  const longest = new Map<string, number>();
  const lives = new Map<string, number>();
  for (const { place, caps } of wanted) {
    const known = longest.get(place.campaignId) ?? keptMsOf(record, place.campaignId);
    longest.set(place.campaignId, Math.max(known, ...caps.map(windowMsOf)));
    lives.set(place.campaignId, Math.min(...caps.filter(isLifetime).map(beginOf)));
  }
  const entries: FrequencyEntry[] = [];
  const old: FrequencyEntry[] = [];
  for (const known of record.entries) {
    if (known.state !== 'CONFIRMED') {
      if (!hasExpired(known, marks)) entries.push(known);
      continue;
    }
    // A lifetime cap may have come after the place was given.
    const isLater = !known.for_life && known.at >= (lives.get(known.campaign) ?? Infinity);
    const entry = isLater ? { ...known, for_life: true } : known;
    const kept = entry.for_life ? LONGEST_WINDOW_MS : (longest.get(entry.campaign) ?? LONGEST_WINDOW_MS);
    if (entry.at >= marks.lowest - kept) entries.push(entry);
    else if (entry.for_life) old.push(entry);
  }
  const same = entries.length === record.entries.length && entries.every((entry, at) => entry === record.entries[at]);
  return same ? record : { ...record, entries, totals: old.reduce(addToTotal, record.totals) };
}

/** One view more in the totals of its campaign and creative. */
export function addToTotal(
  totals: readonly ViewTotal[],
  { campaign, creative, at }: FrequencyEntry,
): readonly ViewTotal[] {
  const known = totals.find((total) => total.campaign === campaign && total.creative === creative);
  if (!known) return [...totals, { campaign, creative, views: 1, last_at: at }];
  const grown = { ...known, views: known.views + 1, last_at: Math.max(known.last_at, at) };
  return totals.map((total) => (total === known ? grown : total));
}
