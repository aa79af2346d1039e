import { compete } from './check-pods.ts';
import type { AdFact, RequestFact, Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, groupBy, type Verdict } from './judge.ts';

export interface StreamResult {
  readonly faults: readonly Fault[];
  readonly violations: number;
  /** Pairs of competitors served in different pods of one stream where a pod asked for a distance. */
  readonly pairs: number;
  /** Candidates that were kept out because of another pod. */
  readonly refused: number;
}

/** An ad where it plays: in its pod, and with that in its stream. */
export interface Playing {
  readonly request: RequestFact;
  readonly ad: AdFact;
}

/** No two competitors of different pods of one stream play closer than either pod asks for, unless one of them was given back. */
export function checkStreams({ log, seed }: Pick<Run, 'log' | 'seed'>, verdicts: readonly Verdict[]): StreamResult {
  const requests = [...firstRequests(log.requests).values()].map(({ value }) => value);
  const givenBack = new Set(
    verdicts
      .filter(({ beacon, billable }) => billable && ['notUsed', 'error'].includes(beacon.value.event))
      .map(({ beacon }) => beacon.value.reservation),
  );
  const inStreams = requests.filter(({ session }) => session !== null && session !== undefined);
  const broken: string[] = [];
  let pairs = 0;
  for (const [session, ofStream] of groupBy(inStreams, (request) => request.session ?? '')) {
    const playing = ofStream
      .flatMap((request) => playingIn(request).map((ad): Playing => ({ request, ad })))
      .filter(({ ad }) => !givenBack.has(ad.reservation) && (seed.get(ad.campaign)?.categories.length ?? 0) > 0);
    for (const [index, one] of playing.entries()) {
      for (const other of playing.slice(index + 1)) {
        if (one.request === other.request || !mustBeApart(one, other, seed)) continue;
        pairs++;
        if (areTooNear(one, other))
          broken.push(`${session}: ${one.request.request_id} and ${other.request.request_id}`);
      }
    }
  }
  return {
    faults: fault('stream_separation_broken', 'competitors of two pods of one stream closer than asked for', broken),
    violations: broken.length,
    pairs,
    refused: requests.flatMap(({ candidates }) => candidates).filter(({ outcome }) => outcome === 'separated').length,
  };
}

/** They compete, and one of their pods asks for a distance. */
export function mustBeApart(one: Playing, other: Playing, seed: Run['seed']): boolean {
  if (!compete(seed.get(one.ad.campaign), seed.get(other.ad.campaign))) return false;
  return Math.max(apartOf(one.request), apartOf(other.request)) > 0;
}

/** Closer than either of their pods asks for. */
export function areTooNear(one: Playing, other: Playing): boolean {
  return gapSeconds(one, other) < Math.max(apartOf(one.request), apartOf(other.request));
}

/** A backup may play at any second of its pod. */
function playingIn({ ads, backups = [], filled_seconds }: RequestFact): readonly AdFact[] {
  return [...ads, ...backups.map((ad) => ({ ...ad, start_seconds: 0, duration_seconds: filled_seconds }))];
}

/** Seconds; Infinity: the whole stream. */
function apartOf(request: RequestFact): number {
  if (!request.separation) return 0;
  if (request.min_separation_seconds !== null) return request.min_separation_seconds;
  return request.separation_scope === 'stream' ? Number.POSITIVE_INFINITY : 0;
}

/** From the end of one to the start of the other; where a pod does not say when it plays, the pods follow each other at once. */
function gapSeconds(one: Playing, other: Playing): number {
  const { break_offset_ms: a = null, break_index: i = null } = one.request;
  const { break_offset_ms: b = null, break_index: j = null } = other.request;
  if (a !== null && b !== null) {
    const from = (playing: Playing, offsetMs: number) => offsetMs / 1000 + playing.ad.start_seconds;
    const starts = [from(one, a), from(other, b)] as const;
    const ends = [starts[0] + one.ad.duration_seconds, starts[1] + other.ad.duration_seconds] as const;
    return Math.max(starts[1] - ends[0], starts[0] - ends[1]);
  }
  const after = (first: Playing, second: Playing) =>
    first.request.filled_seconds - first.ad.start_seconds - first.ad.duration_seconds + second.ad.start_seconds;
  if (i === null || j === null) return Math.min(after(one, other), after(other, one));
  if (i === j) return 0;
  return i < j ? after(one, other) : after(other, one);
}
