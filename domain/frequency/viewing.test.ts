import { expect, it } from 'vitest';
import type { FrequencyRecord } from '../../schemas/records.ts';
import type { FrequencyCap } from '../campaign.ts';
import { confirm, emptyFrequency, type Marks, type Place, reserve, restore } from './frequency.ts';
import { countedMs, LONGEST_WINDOW_MS } from './kept.ts';
import { type Covered, putRight } from './put-right.ts';
import { viewingsOf } from './viewing.ts';

const HOUR_MS = 3_600_000;
const start = 1_800_000_000_000;
const campaign = '00000000-0000-7000-8000-000000000001';
const marks = (watermark: number): Marks => ({ of: () => watermark, lowest: watermark });
const cap = (windowSeconds: number | null): FrequencyCap => ({
  scope: 'user',
  creativeId: null,
  windowSeconds,
  max: 9,
});

/** A view every two hours, four in all; told a minute after the last. */
function told(caps: readonly FrequencyCap[]) {
  let record = emptyFrequency();
  for (const n of [0, 1, 2, 3]) {
    const at = start + 2 * n * HOUR_MS;
    const reservation = `00000000-0000-7000-9000-00000000000${n}`;
    const ids = { reservation, campaignId: campaign, creativeId: campaign };
    const place: Place = { ...ids, partition: 0, expiresAt: at + 900_000 };
    record = confirm(reserve(record, [{ place, caps }], marks(at - 60_000)).record, place, at);
  }
  return viewingsOf(record, start + 6 * HOUR_MS + 60_000);
}

it('tells nothing of a window that is longer than any by which views are kept', () => {
  expect(told([cap(3_600)])).toMatchObject([
    { minute_count: 1, hour_count: 1, day_count: null, week_count: null, month_count: null },
  ]);
  expect(told([cap(3_600)])).toMatchObject([
    { reset_day_at: null, reset_week_at: null, reset_month_at: null, impressions_count: 1 },
  ]);
});

it('tells every window up to the longest that a cap has', () => {
  expect(told([cap(60), cap(86_400)])).toMatchObject([{ hour_count: 1, day_count: 4, week_count: null }]);
  expect(told([cap(null)])).toMatchObject([{ hour_count: 1, day_count: 4, week_count: 4, month_count: 4 }]);
});

const reservation = '00000000-0000-7000-9000-000000000000';
const MINUTE_MS = 60_000;
/** A place as a worker puts it back that knows the caps of today. */
const known = (...caps: readonly FrequencyCap[]): Place => ({
  ...{ reservation, campaignId: campaign, creativeId: campaign, partition: 0, expiresAt: start + 15 * MINUTE_MS },
  keptMs: countedMs(caps, 'user'),
});
const countsOf = (record: FrequencyRecord, at: number) =>
  viewingsOf(record, at).map((one) => [
    ...[one.impressions_count, one.minute_count, one.hour_count, one.day_count, one.week_count, one.month_count],
  ]);
/** Seen two seconds after it was served, and told a second later. */
const seenAt = start + 2_000;
const soon = start + 3_000;

it('tells the windows of the caps of today of what a store forgot and the log put back', () => {
  const day = known(cap(60), cap(86_400), { ...cap(604_800), scope: 'household' });
  const back = confirm(restore(emptyFrequency(), day), day, seenAt);
  expect(countsOf(back, soon)).toEqual([[1, 1, 1, 1, null, null]]);
  expect(countsOf(confirm(emptyFrequency(), day, seenAt), soon)).toEqual([[1, 1, 1, 1, null, null]]);
  const life = { ...known(), keptMs: 0 };
  const forLife = confirm(restore(emptyFrequency(), life, true), life, seenAt, true);
  expect(countsOf(forLife, soon)).toEqual([[1, 1, 1, 1, 1, 1]]);
});

it('takes what a token had left for no window', () => {
  const entry = { reservation, campaign, creative: campaign, partition: 0, state: 'CONFIRMED', at: seenAt } as const;
  const left = (for_life: boolean, ms = 15 * MINUTE_MS) => ({ ...entry, expires_at: seenAt + ms, for_life });
  const told = (for_life: boolean, ms?: number) => ({ ...emptyFrequency(), entries: [left(for_life, ms)] });
  expect(countsOf(told(true), soon)).toEqual([[1, 1, 1, 1, 1, 1]]);
  expect(countsOf(told(false), soon)).toEqual([[1, null, null, null, null, null]]);
  expect(countsOf(told(false, 4_000_000), soon)).toEqual([[1, null, null, null, null, null]]);
  const covered: Covered = { until: () => soon, from: () => null, watermark: () => start, lowest: start };
  const rebuilt = putRight(emptyFrequency(), new Map([[reservation, left(true)]]), covered);
  expect(countsOf(rebuilt, soon)).toEqual([[1, 1, 1, 1, 1, 1]]);
});

it('tells that nothing was seen lately of a campaign of which a total is all there is', () => {
  const totals = [{ campaign, creative: campaign, views: 3, last_at: start - LONGEST_WINDOW_MS - 1 }];
  expect(countsOf({ ...emptyFrequency(), totals }, soon)).toEqual([[3, 0, 0, 0, 0, 0]]);
  // Who took a place since had heard of no lifetime any more.
  const wanted = { place: known(), caps: [cap(3_600)] };
  const { record } = reserve({ ...emptyFrequency(), totals }, [wanted], marks(start));
  expect(countsOf(record, soon)).toEqual([[3, 0, 0, null, null, null]]);
});
