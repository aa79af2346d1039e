import { expect, it } from 'vitest';
import type { FrequencyCap } from '../campaign.ts';
import { confirm, emptyFrequency, type Marks, type Place, reserve } from './frequency.ts';
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
