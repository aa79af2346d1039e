import type { CapScope, FrequencyCap } from '../campaign.ts';

/** Every window that a cap may have, by name. */
export const capWindows = {
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
  month: 2_678_400,
} as const;

/** A stream is one session and is remembered for a day: see STREAM_KEPT_MS. A longer window in it would hold for a day alone. */
const STREAM_WINDOW_MOST = capWindows.day;

/** The most ads that one pod can hold. */
const POD_MOST = 30;

export type CapFaultCode =
  | 'max_not_positive'
  | 'window_unknown'
  | 'window_not_for_scope'
  | 'creative_unknown'
  | 'duplicate'
  | 'never_binds';

/** What is wrong with the cap at `index`. */
export interface CapFault {
  readonly index: number;
  readonly code: CapFaultCode;
  /** A sentence for whoever wrote the cap. */
  readonly detail: string;
}

/**
 * Why a set of caps is refused; empty: it makes sense. A cap that can never refuse anything is a contradiction: whoever wrote
 * "2 a day" beside "1 a week" meant something else than what would happen. `creativeIds`: the campaign's creatives.
 */
export function capFaults(caps: readonly FrequencyCap[], creativeIds: readonly string[]): readonly CapFault[] {
  return caps.flatMap((cap, index) => {
    const found = faultOf(cap, index, caps, creativeIds);
    return found === null ? [] : [{ index, ...found }];
  });
}

/**
 * Caps that are kept but can be left out: a longer window that the shorter ones fill too slowly. "1 a minute" lets at most 60 into
 * an hour, so "100 an hour" beside it says nothing. No contradiction, hence no fault.
 */
export function idleCaps(caps: readonly FrequencyCap[]): readonly CapFault[] {
  return caps.flatMap((cap, index) => {
    const { windowSeconds } = cap;
    if (windowSeconds === null) return [];
    const tighter = caps.find(
      (other) =>
        other.windowSeconds !== null &&
        other.windowSeconds < windowSeconds &&
        coversScope(other, cap) &&
        Math.ceil(windowSeconds / other.windowSeconds) * other.max <= cap.max,
    );
    return tighter ? [{ index, code: 'never_binds' as const, detail: neverBinds(cap, tighter) }] : [];
  });
}

function faultOf(
  cap: FrequencyCap,
  index: number,
  caps: readonly FrequencyCap[],
  creativeIds: readonly string[],
): Omit<CapFault, 'index'> | null {
  if (!Number.isSafeInteger(cap.max) || cap.max < 1)
    return { code: 'max_not_positive', detail: `a cap of ${cap.max} would never serve: pause the campaign instead` };
  const known: readonly number[] = Object.values(capWindows);
  if (cap.windowSeconds !== null && !known.includes(cap.windowSeconds))
    return {
      code: 'window_unknown',
      detail: `${cap.windowSeconds} s is no minute, hour, day, week or month (31 days)`,
    };
  if (cap.scope === 'pod' && cap.windowSeconds !== null)
    return { code: 'window_not_for_scope', detail: 'a pod has no window: it is counted whole' };
  if (cap.scope === 'stream' && cap.windowSeconds !== null && cap.windowSeconds > STREAM_WINDOW_MOST)
    return {
      code: 'window_not_for_scope',
      detail:
        'a stream is remembered for a day after its last ad: a day is the longest window, lifetime the whole stream',
    };
  if (cap.creativeId !== null && !creativeIds.includes(cap.creativeId))
    return { code: 'creative_unknown', detail: `${cap.creativeId} is no creative of this campaign` };
  const first = caps.findIndex((other) => isSame(other, cap));
  if (first !== index) return { code: 'duplicate', detail: `cap ${first + 1} has the same scope, creative and window` };
  const stronger = caps.find((other) => !isSame(other, cap) && covers(other, cap));
  if (stronger) return { code: 'never_binds', detail: neverBinds(cap, stronger) };
  if (cap.scope === 'pod' && (cap.creativeId !== null || cap.max >= POD_MOST)) {
    const why =
      cap.creativeId === null ? `a pod holds at most ${POD_MOST} ads` : 'no creative is twice in one pod anyway';
    return { code: 'never_binds', detail: `${told(cap)} never refuses anything: ${why}` };
  }
  return null;
}

/** Whatever `weak` counts in one of its windows, `strong` counts in one of its own, and allows no more. */
export function covers(strong: FrequencyCap, weak: FrequencyCap): boolean {
  if (strong.max > weak.max || !coversScope(strong, weak)) return false;
  // A pod is decided at once: whatever the window, all of it is inside.
  if (weak.scope === 'pod') return true;
  return (strong.windowSeconds ?? Infinity) >= (weak.windowSeconds ?? Infinity);
}

/** A pod lies in its stream; nothing else lies in anything: one person may watch in two households. */
function coversScope(wide: FrequencyCap, narrow: FrequencyCap): boolean {
  const inside = wide.scope === narrow.scope || (wide.scope === 'stream' && narrow.scope === 'pod');
  return inside && (wide.creativeId === null || wide.creativeId === narrow.creativeId);
}

function isSame(a: FrequencyCap, b: FrequencyCap): boolean {
  return a.scope === b.scope && a.creativeId === b.creativeId && a.windowSeconds === b.windowSeconds;
}

function neverBinds(weak: FrequencyCap, strong: FrequencyCap): string {
  return `${told(weak)} never refuses anything beside ${told(strong)}`;
}

/** "2 per day for a user". */
function told({ scope, creativeId, windowSeconds, max }: FrequencyCap): string {
  return `${max} ${windowTold(scope, windowSeconds)} ${creativeId === null ? '' : `of creative ${creativeId} `}for a ${scope}`;
}

function windowTold(scope: CapScope, windowSeconds: number | null): string {
  if (windowSeconds === null) return scope === 'pod' || scope === 'stream' ? 'in all' : 'in a lifetime';
  const name = Object.entries(capWindows).find(([, seconds]) => seconds === windowSeconds)?.[0];
  return `per ${name ?? `${windowSeconds} s`}`;
}

/** At most so many ads of the campaign in one pod; null: no cap. For the pod solver: a pod needs no record. */
export function podMaxOf(caps: readonly FrequencyCap[]): number | null {
  const maxima = caps.flatMap(({ scope, creativeId, max }) => (scope === 'pod' && creativeId === null ? [max] : []));
  return maxima.length === 0 ? null : Math.min(...maxima);
}
