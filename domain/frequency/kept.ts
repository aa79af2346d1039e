import type { FrequencyRecord } from '../../schemas/records.ts';
import type { FrequencyCap } from '../campaign.ts';
import { capWindows } from './cap-set.ts';

/** 31 days: a confirmed view older than that counts in no window but a lifetime. */
export const LONGEST_WINDOW_MS = capWindows.month * 1000;

const windowsMs: ReadonlySet<number> = new Set(Object.values(capWindows).map((seconds) => seconds * 1000));

/**
 * For how long (ms) views of a campaign are kept in a record whoever asks: the longest window that its places were asked for with, since
 * who asks next may not have heard of the cap. 0: nobody has said.
 */
export function keptMsOf({ entries }: Pick<FrequencyRecord, 'entries'>, campaignId: string): number {
  let longest = 0;
  for (const entry of entries) {
    if (entry.campaign === campaignId && entry.state !== 'RELEASED') longest = Math.max(longest, saidBy(entry));
  }
  return longest;
}

/** What is no window was not said: an entry of an older release may hold there what its token had left. */
function saidBy({ state, at, expires_at, for_life }: FrequencyRecord['entries'][number]): number {
  if (for_life) return LONGEST_WINDOW_MS;
  const ms = state === 'CONFIRMED' ? expires_at - at : at;
  return windowsMs.has(ms) ? ms : 0;
}

/** For how long (ms) caps of the scope count a view; 0: there are none. */
export function countedMs(caps: readonly FrequencyCap[], scope: string): number {
  return Math.max(0, ...caps.filter((cap) => cap.scope === scope).map(windowMsOf));
}

/** A lifetime is no shorter than the longest window: of a view of an erased viewer nobody knows that it counts for life, see `confirm`. */
export function windowMsOf({ windowSeconds }: Pick<FrequencyCap, 'windowSeconds'>): number {
  return windowSeconds === null ? LONGEST_WINDOW_MS : windowSeconds * 1000;
}
