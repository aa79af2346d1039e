import type { AdFact, BeaconFact, LogFacts, Logged, RequestFact } from './facts.ts';

/** What the log alone says of one beacon. */
export interface Verdict {
  readonly beacon: Logged<BeaconFact>;
  /** Lowest offset of its kind: (reservation, event, offset of the progress), invalid traffic apart. */
  readonly first: boolean;
  readonly late: boolean;
  /** First, on time and no invalid traffic; an impression must also have won its reservation's outcome. */
  readonly billable: boolean;
  /** What it costs: its price if it is billable and the event that its pricing model bills. */
  readonly spend: number;
}

/** Which event is paid for. Flat pays for days, not for events. */
const paidEvent: Readonly<Record<string, string>> = { cpm: 'impression', cpv: 'complete', cpc: 'click' };
/** These three end a reservation; whichever stands lowest in the log has ended it. */
const ending = new Set(['impression', 'notUsed', 'error']);

export function place(at: { readonly topic: string; readonly partition: number; readonly offset: number }): string {
  return `${at.topic}/${at.partition}/${at.offset}`;
}

function byOffset(a: Logged<unknown>, b: Logged<unknown>): number {
  return a.partition - b.partition || a.offset - b.offset;
}

/** Judges every beacon of the log, in the log's order. */
export function judge(beacons: LogFacts['beacons']): Verdict[] {
  const seen = new Set<string>();
  const ended = new Set<string>();
  return [...beacons].sort(byOffset).map((beacon) => {
    const { event, reservation, pricing_model, price_micros, expires_at } = beacon.value;
    const valid = trafficOf(beacon.value) === '';
    const kind = `${reservation} ${event} ${beacon.value.offset_seconds ?? ''} ${valid}`;
    const first = !seen.has(kind);
    seen.add(kind);
    const ends = valid && ending.has(event) && !ended.has(reservation);
    if (ends) ended.add(reservation);
    const late = beacon.appendedAt > expires_at;
    const billable = valid && first && !late && (event !== 'impression' || ends);
    return { beacon, first, late, billable, spend: billable && paidEvent[pricing_model] === event ? price_micros : 0 };
  });
}

/** Why a beacon is invalid traffic, as its record says; empty: it is not. Records of older releases say nothing. */
export function trafficOf({ invalid }: Pick<BeaconFact, 'invalid'>): string {
  return invalid ?? '';
}

/** An event that would have been paid for, had it been appended in time. */
export function isUnbilledBecauseLate({ beacon: { value }, first, late }: Verdict): boolean {
  return first && late && paidEvent[value.pricing_model] === value.event;
}

/** The first record of every request_id; a repetition ships the same bytes again and changes nothing. */
export function firstRequests(requests: LogFacts['requests']): Map<string, Logged<RequestFact>> {
  const first = new Map<string, Logged<RequestFact>>();
  for (const request of [...requests].sort(byOffset)) {
    if (!first.has(request.value.request_id)) first.set(request.value.request_id, request);
  }
  return first;
}

/** All ads that a request reserved: those of the pod, and those that may be shown in place of one. */
export function reservedAds({ ads, backups = [] }: Pick<RequestFact, 'ads' | 'backups'>): readonly AdFact[] {
  return [...ads, ...backups];
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** YYYY-MM-DD of an epoch minute in a zone. */
export function zoneDay(minute: number, timeZone: string): string {
  const known = zones.get(timeZone);
  const format =
    known ?? new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  if (!known) zones.set(timeZone, format);
  return format.format(minute * 60_000);
}

export function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Sums by key. */
export function tally<T>(rows: Iterable<T>, key: (row: T) => string, amount: (row: T) => number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(key(row), (sums.get(key(row)) ?? 0) + amount(row));
  return sums;
}

export function groupBy<T>(rows: Iterable<T>, key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}
