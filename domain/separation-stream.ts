import type { StreamEntry, StreamRecord } from '../schemas/records.ts';
import type { CampaignCategory, FrequencyCap, SeparationScope } from './campaign.ts';
import { confirmEntry, hasExpired, type Marks, type Place, reachedCap, releaseEntry } from './frequency/frequency.ts';

/**
 * One ad in a stream: what it would occupy, and when it would play. An ad is held against those of all other pods of the stream,
 * whoever decides them and when; against those of its own pod the solver holds it.
 */
export interface StreamAd {
  readonly place: Place;
  readonly advertiserId: string;
  readonly categories: readonly string[];
  /** Of all its categories. */
  readonly ancestors: readonly string[];
  /** What its pod asks for across pods, see `apartOf`. */
  readonly apartSeconds: number | null;
  readonly at: StreamTime;
}

/** When an ad plays. */
export interface StreamTime {
  readonly breakIndex: number | null;
  /** Where the pod begins in stream time; null: nobody said. */
  readonly breakOffsetMs: number | null;
  /** From the pod's beginning. */
  readonly startMs: number;
  readonly endMs: number;
  /** How long the pod is. */
  readonly podMs: number;
}

export interface WantedInStream {
  readonly ad: StreamAd;
  /** Its campaign's caps in the scope `stream`. */
  readonly caps: readonly FrequencyCap[];
}

export interface StreamRefusal {
  readonly reservation: string;
  readonly reason: 'cap_reached' | 'separated';
}

/** A stream is remembered for a day after its last ad: for a channel that never ends, that is its "whole stream". */
export const STREAM_KEPT_MS = 86_400_000;

export function emptyStream(): StreamRecord {
  return { entries: [], erased_at: 0 };
}

/**
 * How many seconds a pod's rules keep competitors apart across pods: what is asked for in seconds; where competitors are never to
 * be in one pod, nothing, or with the scope `stream` for ever (null).
 */
export function apartOf(rules: {
  readonly separation: boolean;
  readonly minSeparationSeconds: number | null;
  readonly separationScope?: SeparationScope;
}): number | null {
  if (!rules.separation) return 0;
  if (rules.minSeparationSeconds !== null) return rules.minSeparationSeconds;
  return rules.separationScope === 'stream' ? null : 0;
}

/** The ids of categories, and of everything above them. */
export function flatten(categories: readonly CampaignCategory[]): Pick<StreamAd, 'categories' | 'ancestors'> {
  return {
    categories: categories.map(({ id }) => id),
    ancestors: [...new Set(categories.flatMap(({ ancestors }) => ancestors))],
  };
}

/**
 * Takes places for the ads of one pod. `mine`: every reservation that this decision may have taken in the stream before; the pod may
 * have changed since, so they are taken anew. The others of the pod are not asked about each other.
 */
export function reserveInStream(
  record: StreamRecord,
  wanted: readonly WantedInStream[],
  mine: ReadonlySet<string>,
  marks: Marks,
): { readonly record: StreamRecord; readonly refused: readonly StreamRefusal[] } {
  const others = sweep(record.entries, marks).filter((entry) => !mine.has(entry.reservation));
  const taken: StreamEntry[] = [];
  const refused: StreamRefusal[] = [];
  for (const { ad, caps } of wanted) {
    const { reservation } = ad.place;
    const all = { entries: [...others, ...taken] };
    if (reachedCap(all, ad.place, caps, marks)) refused.push({ reservation, reason: 'cap_reached' });
    else if (others.some((other) => isTooNear(ad, other))) refused.push({ reservation, reason: 'separated' });
    else taken.push(streamEntry(ad));
  }
  return { record: { ...record, entries: [...others, ...taken] }, refused };
}

/** No place in a pod of so many seconds is far enough from what the stream holds: not worth a try. */
export function fitsNowhere(
  record: StreamRecord,
  ad: Pick<StreamAd, 'categories' | 'ancestors' | 'apartSeconds'>,
  pod: Pick<StreamTime, 'breakIndex' | 'breakOffsetMs'> & { readonly seconds: number; readonly adSeconds: number },
): boolean {
  if (ad.categories.length === 0 || !record.entries.some((other) => mayKeepOut(ad, other))) return false;
  const lastStart = Math.max(0, pod.seconds - pod.adSeconds);
  const at = (start: number): StreamTime => ({
    ...pod,
    startMs: start * 1000,
    endMs: (start + pod.adSeconds) * 1000,
    podMs: pod.seconds * 1000,
  });
  return record.entries.some((other) => {
    if (!mayKeepOut(ad, other)) return false;
    // Times that are too near lie side by side where both pods say when they play; else they may lie at both ends of the pod.
    const middle = (lastStart + (other.start_ms + other.end_ms - other.pod_ms) / 1000) / 2;
    const starts = [0, lastStart, Math.max(0, Math.min(lastStart, middle))];
    return starts.every((start) => isTooNear({ ...ad, at: at(start) }, other));
  });
}

/** The two compete, and somewhere they may be too near each other: most are not even asked when they play. */
function mayKeepOut(ad: Pick<StreamAd, 'categories' | 'ancestors' | 'apartSeconds'>, other: StreamEntry): boolean {
  return other.state !== 'RELEASED' && (ad.apartSeconds !== 0 || other.apart_seconds !== 0) && compete(ad, other);
}

/**
 * The two compete and play closer to each other than either pod asks for. What was released counts no more. What ran out without
 * an impression counts on: it may have been seen all the same.
 */
function isTooNear(
  ad: Pick<StreamAd, 'categories' | 'ancestors' | 'apartSeconds' | 'at'>,
  other: StreamEntry,
): boolean {
  if (other.state === 'RELEASED' || !compete(ad, other)) return false;
  if (ad.apartSeconds === null || other.apart_seconds === null) return true;
  const apart = Math.max(ad.apartSeconds, other.apart_seconds);
  return apart > 0 && gapMs(ad.at, timeOf(other)) < apart * 1000;
}

function compete(
  a: { readonly categories: readonly string[]; readonly ancestors: readonly string[] },
  b: { readonly categories: readonly string[]; readonly ancestors: readonly string[] },
): boolean {
  return shares(a.categories, b.categories) || shares(a.ancestors, b.categories) || shares(a.categories, b.ancestors);
}

function shares(some: readonly string[], others: readonly string[]): boolean {
  for (const id of some) if (others.includes(id)) return true;
  return false;
}

/**
 * The time from the end of one to the start of the other, negative where they overlap. Where one pod did not say when it plays, they
 * are taken to follow each other at once, in the order of their breaks, else in the order that brings the two ads nearer;
 * two pods for one break may play at the same time.
 */
export function gapMs(a: StreamTime, b: StreamTime): number {
  if (a.breakOffsetMs !== null && b.breakOffsetMs !== null) {
    return Math.max(
      b.breakOffsetMs + b.startMs - (a.breakOffsetMs + a.endMs),
      a.breakOffsetMs + a.startMs - (b.breakOffsetMs + b.endMs),
    );
  }
  const following = (before: StreamTime, after: StreamTime) => before.podMs - before.endMs + after.startMs;
  if (a.breakIndex === null || b.breakIndex === null) return Math.min(following(a, b), following(b, a));
  if (a.breakIndex === b.breakIndex) return 0;
  return a.breakIndex < b.breakIndex ? following(a, b) : following(b, a);
}

/** Puts an ad back that a store forgot, and what its beacon did not know of it. `servedAt`: when its request came, see `cameAt`. */
export function restoreInStream(record: StreamRecord, ad: StreamAd, servedAt: number): StreamRecord {
  if (servedAt <= record.erased_at) return record;
  const known = record.entries.find((entry) => entry.reservation === ad.place.reservation);
  if (known === undefined) return { ...record, entries: [...record.entries, streamEntry(ad)] };
  if (known.advertiser !== null) return record;
  const whole = { ...streamEntry(ad), state: known.state, at: known.at };
  return { ...record, entries: record.entries.map((entry) => (entry === known ? whole : entry)) };
}

/**
 * The impression was billable. Of an ad that the store forgot, only what caps count is known until its request is restored.
 * `seenAt`: when it came, see `cameAt`.
 */
export function confirmInStream(
  record: StreamRecord,
  place: Place,
  appendedAt: number,
  seenAt = appendedAt,
): StreamRecord {
  const known = record.entries.some((entry) => entry.reservation === place.reservation);
  if (seenAt <= record.erased_at && !known) return record;
  const entries = confirmEntry(record.entries, place.reservation, (known = bareStreamEntry(place)) => ({
    ...known,
    state: 'CONFIRMED',
    at: appendedAt,
  }));
  return entries === record.entries ? record : { ...record, entries };
}

export function releaseInStream(record: StreamRecord, reservation: string): StreamRecord {
  return { ...record, entries: releaseEntry(record.entries, reservation) };
}

/** Makes sure that a place is there which is about to be released: else its request, read later, would bring it back. */
export function knowInStream(record: StreamRecord, place: Place): StreamRecord {
  if (record.entries.some(({ reservation }) => reservation === place.reservation)) return record;
  return { ...record, entries: [...record.entries, bareStreamEntry(place)] };
}

/** The record without what a stream has forgotten. */
export function remembered(record: StreamRecord, marks: Marks): StreamRecord {
  const entries = sweep(record.entries, marks);
  return entries.length === record.entries.length ? record : { ...record, entries };
}

function sweep(entries: readonly StreamEntry[], marks: Marks): readonly StreamEntry[] {
  return entries.filter((entry) => {
    if (entry.state === 'RELEASED') return !hasExpired(entry, marks);
    return Math.max(entry.at, entry.expires_at) >= marks.lowest - STREAM_KEPT_MS;
  });
}

function timeOf(entry: StreamEntry): StreamTime {
  return {
    breakIndex: entry.break_index,
    breakOffsetMs: entry.break_offset_ms,
    startMs: entry.start_ms,
    endMs: entry.end_ms,
    podMs: entry.pod_ms,
  };
}

/** The entry of an ad that has its place and waits for its impression. */
export function streamEntry({ place, at, ...ad }: StreamAd): StreamEntry {
  return {
    ...bareStreamEntry(place),
    advertiser: ad.advertiserId,
    categories: ad.categories,
    ancestors: ad.ancestors,
    apart_seconds: ad.apartSeconds,
    break_index: at.breakIndex,
    break_offset_ms: at.breakOffsetMs,
    start_ms: at.startMs,
    end_ms: at.endMs,
    pod_ms: at.podMs,
  };
}

/** What a beacon knows of its ad. */
export function bareStreamEntry({ reservation, campaignId, creativeId, partition, expiresAt }: Place): StreamEntry {
  return {
    reservation,
    campaign: campaignId,
    creative: creativeId,
    partition,
    expires_at: expiresAt,
    state: 'OUTSTANDING',
    at: 0,
    advertiser: null,
    categories: [],
    ancestors: [],
    apart_seconds: 0,
    break_index: null,
    break_offset_ms: null,
    start_ms: 0,
    end_ms: 0,
    pod_ms: 0,
  };
}
