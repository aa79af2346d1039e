import { describe, expect, it } from 'vitest';
import type { FrequencyCap } from '../campaign.ts';
import {
  CREATION_MARGIN_MS,
  confirm,
  countInWindow,
  emptyFrequency,
  LONGEST_WINDOW_MS,
  lastsForLife,
  type Marks,
  type Place,
  reserve,
  restore,
} from './frequency.ts';

const campaign = '00000000-0000-7000-8000-000000000001';
const lifetime: FrequencyCap = { scope: 'user', creativeId: null, windowSeconds: null, max: 2 };
const hour: FrequencyCap = { ...lifetime, windowSeconds: 3600, max: 1 };
const marks = (watermark: number): Marks => ({ of: () => watermark, lowest: watermark });
const start = 1_000_000_000_000;

function place(n: number, expiresAt: number): Place {
  const reservation = `00000000-0000-7000-9000-${String(n).padStart(12, '0')}`;
  return { reservation, campaignId: campaign, creativeId: campaign, partition: 0, expiresAt };
}

function watch(record: ReturnType<typeof emptyFrequency>, n: number, at: number, caps: readonly FrequencyCap[]) {
  const answer = reserve(record, [{ place: place(n, at + 1000), caps }], marks(at));
  expect(answer.refused).toEqual([]);
  return confirm(answer.record, place(n, at + 1000), at);
}

describe('a lifetime cap', () => {
  it('counts what is older than every window, which is kept as a number', () => {
    let record = watch(emptyFrequency(), 1, start, [lifetime]);
    expect(lastsForLife(record)).toBe(true);
    record = watch(record, 2, start + 2 * LONGEST_WINDOW_MS, [lifetime]);
    expect(record.entries).toHaveLength(1);
    expect(record.totals).toMatchObject([{ campaign, views: 1, last_at: start }]);
    const later = marks(start + 5 * LONGEST_WINDOW_MS);
    expect(countInWindow(record, lifetime, campaign, 0, later)).toBe(2);
    const { record: swept, refused } = reserve(record, [{ place: place(3, 9e15), caps: [lifetime] }], later);
    expect(refused).toHaveLength(1);
    expect(swept.entries).toEqual([]);
    expect(swept.totals).toMatchObject([{ views: 2 }]);
  });

  it('keeps the views of its campaign while another one is asked for', () => {
    const seen = watch(emptyFrequency(), 1, start, [lifetime]);
    const other = { ...place(2, 9e15), campaignId: '00000000-0000-7000-8000-00000000000f' };
    const { record } = reserve(seen, [{ place: other, caps: [hour] }], marks(start + 2 * LONGEST_WINDOW_MS));
    expect(countInWindow(record, lifetime, campaign, 0, marks(start))).toBe(1);
  });

  it('is known of a place that is restored, also after its impression', () => {
    const confirmed = confirm(emptyFrequency(), place(1, start), start);
    expect(lastsForLife(confirmed)).toBe(false);
    expect(lastsForLife(restore(confirmed, place(1, start), true))).toBe(true);
    expect(restore(confirmed, place(1, start), false)).toBe(confirmed);
  });
});

describe('a cap', () => {
  it('counts from its creation and the margin of the clocks before it', () => {
    const created = start + 600_000;
    const seen = confirm(emptyFrequency(), place(1, start), created - CREATION_MARGIN_MS);
    const before = confirm(emptyFrequency(), place(1, start), created - CREATION_MARGIN_MS - 1);
    const young = { ...hour, countsFrom: created };
    expect(countInWindow(seen, young, campaign, 0, marks(created))).toBe(1);
    expect(countInWindow(before, young, campaign, 0, marks(created))).toBe(0);
    expect(countInWindow(before, hour, campaign, 0, marks(created))).toBe(1);
  });

  it('counts what is still to come, also when it was promised before the cap', () => {
    const { record } = reserve(emptyFrequency(), [{ place: place(1, start), caps: [] }], marks(0));
    expect(countInWindow(record, { ...hour, countsFrom: start * 2 }, campaign, 0, marks(0))).toBe(1);
  });
});

describe('what was erased', () => {
  const erased = { ...emptyFrequency(), erased_at: start };

  it('does not come back from the log', () => {
    expect(confirm(erased, place(1, start + 1000), start)).toBe(erased);
    expect(restore(erased, place(1, start + 1000), false, start)).toBe(erased);
    expect(confirm(erased, place(1, start + 1000), start + 1).entries).toHaveLength(1);
    expect(restore(erased, place(1, start + 1000), false, start + 1).entries).toHaveLength(1);
  });

  it('does not hide a view that was reserved since, whatever the clocks say', () => {
    const { record } = reserve(erased, [{ place: place(1, start + 1000), caps: [hour] }], marks(0));
    expect(confirm(record, place(1, start + 1000), start - 5).entries).toMatchObject([{ state: 'CONFIRMED' }]);
  });
});
