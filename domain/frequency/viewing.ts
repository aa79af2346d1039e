import type { FrequencyEntry, FrequencyRecord } from '../../schemas/records.ts';
import { capWindows } from './cap-set.ts';
import { keptMsOf, LONGEST_WINDOW_MS } from './kept.ts';

/**
 * What one identity has seen of one creative: the plan's `user_frequency_tracking`, read from the truth. Windows roll back from `at`;
 * `reset_…_at` is when the oldest view leaves one, and its count falls (ISO 8601; null: none is in it). A window that is longer than any by
 * which the campaign's views are kept is null in all: views in it may be forgotten.
 */
export interface Viewing {
  readonly campaign_id: string;
  readonly creative_id: string;
  /** All that is remembered: of a lifetime where a cap counts it, else of the longest window of its caps. */
  readonly impressions_count: number;
  readonly minute_count: number | null;
  readonly hour_count: number | null;
  readonly day_count: number | null;
  readonly week_count: number | null;
  readonly month_count: number | null;
  readonly reset_hour_at: string | null;
  readonly reset_day_at: string | null;
  readonly reset_week_at: string | null;
  readonly reset_month_at: string | null;
  /** Served and neither seen nor given back yet, or run out without anybody having looked. */
  readonly held: number;
  /** ISO 8601; null: nothing seen. */
  readonly last_impression_at: string | null;
}

/** What a record says, by campaign and creative. `at`: epoch ms. */
export function viewingsOf(record: FrequencyRecord, at: number): readonly Viewing[] {
  const groups = Map.groupBy(record.entries, ({ campaign, creative }) => `${campaign} ${creative}`);
  const names = new Set([
    ...groups.keys(),
    ...record.totals.map(({ campaign, creative }) => `${campaign} ${creative}`),
  ]);
  return [...names].sort().flatMap((name) => {
    const entries = groups.get(name) ?? [];
    const totals = record.totals.filter(({ campaign, creative }) => `${campaign} ${creative}` === name);
    const [campaign = ''] = name.split(' ');
    const viewing = viewingOf(name, entries, totals, { at, keptMs: knownMsOf(record, campaign) });
    return viewing.impressions_count + viewing.held > 0 ? [viewing] : [];
  });
}

/** For how long (ms) views of a campaign are known. A lifetime cap keeps them for every window: a total of its says so where no place does. */
function knownMsOf(record: FrequencyRecord, campaignId: string): number {
  const keptMs = keptMsOf(record, campaignId);
  const hasTotal = record.totals.some(({ campaign }) => campaign === campaignId);
  return keptMs === 0 && hasTotal ? LONGEST_WINDOW_MS : keptMs;
}

function viewingOf(
  name: string,
  entries: readonly FrequencyEntry[],
  totals: FrequencyRecord['totals'],
  { at, keptMs }: { readonly at: number; readonly keptMs: number },
): Viewing {
  const [campaign_id = '', creative_id = ''] = name.split(' ');
  const seen = entries.filter(({ state }) => state === 'CONFIRMED');
  const inside = (seconds: number) => seen.map((entry) => entry.at).filter((moment) => moment >= at - seconds * 1000);
  const isKept = (seconds: number) => seconds * 1000 <= keptMs;
  const within = (seconds: number) => (isKept(seconds) ? inside(seconds).length : null);
  const reset = (seconds: number) => {
    const moments = inside(seconds);
    return moments.length === 0 || !isKept(seconds)
      ? null
      : new Date(Math.min(...moments) + seconds * 1000).toISOString();
  };
  const last = Math.max(0, ...seen.map((entry) => entry.at), ...totals.map(({ last_at }) => last_at));
  return {
    campaign_id,
    creative_id,
    impressions_count: seen.length + totals.reduce((sum, { views }) => sum + views, 0),
    minute_count: within(capWindows.minute),
    hour_count: within(capWindows.hour),
    day_count: within(capWindows.day),
    week_count: within(capWindows.week),
    month_count: within(capWindows.month),
    reset_hour_at: reset(capWindows.hour),
    reset_day_at: reset(capWindows.day),
    reset_week_at: reset(capWindows.week),
    reset_month_at: reset(capWindows.month),
    held: entries.filter(({ state }) => state === 'OUTSTANDING').length,
    last_impression_at: last === 0 ? null : new Date(last).toISOString(),
  };
}
