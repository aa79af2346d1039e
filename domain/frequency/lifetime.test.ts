import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrequencyCap } from '../campaign.ts';
import {
  CREATION_MARGIN_MS,
  confirm,
  countInWindow,
  countsForLife,
  emptyFrequency,
  lastsForLife,
  type Marks,
  type Place,
  reserve,
  restore,
} from './frequency.ts';
import { LONGEST_WINDOW_MS } from './kept.ts';

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

describe('a lifetime cap that comes while places are open', () => {
  const day: FrequencyCap = { ...lifetime, windowSeconds: 86_400 };
  const created = start + 30_000;
  const young: FrequencyCap = { ...lifetime, max: 1, countsFrom: created };
  const other = { ...place(9, 9e15), campaignId: '00000000-0000-7000-8000-00000000000f' };
  const held = reserve(emptyFrequency(), [{ place: place(1, start + 900_000), caps: [day] }], marks(start)).record;
  const later = marks(start + LONGEST_WINDOW_MS + 86_400_000);

  it('still counts their views when every window has forgotten them', () => {
    const forLife = countsForLife([day, young], 'user', start + 60_000);
    const seen = confirm(held, place(1, start + 900_000), start + 60_000, forLife);
    const { record } = reserve(seen, [{ place: other, caps: [hour] }], later);
    expect(record.totals).toMatchObject([{ campaign, views: 1 }]);
    expect(reserve(record, [{ place: place(2, 9e15), caps: [day, young] }], later).refused).toHaveLength(1);
  });

  it('knows them from the next place that is asked for, where the worker had not heard of it', () => {
    const seen = confirm(held, place(1, start + 900_000), start + 60_000);
    const two = { ...young, max: 2 };
    const { record } = reserve(seen, [{ place: place(2, created), caps: [day, two] }], marks(start));
    expect(lastsForLife({ ...record, entries: record.entries.slice(0, 1) })).toBe(true);
    const { record: swept } = reserve(record, [{ place: other, caps: [hour] }], later);
    expect(countInWindow(swept, two, campaign, 0, later)).toBe(1);
  });

  it('keeps no view from before it, nor one of another scope', () => {
    expect(countsForLife([young], 'user', created - CREATION_MARGIN_MS)).toBe(true);
    expect(countsForLife([young], 'user', created - CREATION_MARGIN_MS - 1)).toBe(false);
    expect(countsForLife([young], 'household', created)).toBe(false);
    expect(countsForLife([day], 'user', created)).toBe(false);
  });

  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant('ask' as const) },
      { weight: 5, arbitrary: fc.constant('view' as const) },
      { weight: 3, arbitrary: fc.constant('others' as const) },
      { weight: 1, arbitrary: fc.constant('cap' as const) },
      { weight: 3, arbitrary: fc.constantFrom(1_000, 400_000, 86_400_000, 20 * 86_400_000, 40 * 86_400_000) },
    ),
    { minLength: 20, maxLength: 80 },
  );

  it('counts what a plain list of views does, whenever it came, however much time passes', () => {
    let late = 0;
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (script, max) => {
        let now = start;
        let caps: readonly FrequencyCap[] = [{ ...day, max: 3 }];
        let open: Place[] = [];
        let record = emptyFrequency();
        const views: number[] = [];
        const hold = (wanted: Place, under: readonly FrequencyCap[]) => {
          const answer = reserve(record, [{ place: wanted, caps: under }], marks(now));
          record = answer.record;
          return answer.refused.length === 0;
        };
        for (const [n, step] of script.entries()) {
          if (typeof step === 'number') now += step;
          open = open.filter(({ expiresAt }) => expiresAt >= now);
          if (step === 'cap') now += 1;
          if (step === 'cap' && caps.length === 1) caps = [...caps, { ...lifetime, max, countsFrom: now }];
          if (step === 'others') hold({ ...other, reservation: `${n}`, expiresAt: now }, [hour]);
          const first = open[0];
          if (step === 'view' && first) {
            open = open.slice(1);
            views.push(now);
            record = confirm(record, first, now, countsForLife(caps, 'user', now));
          }
          if (step !== 'ask') continue;
          const since = (from: number) => views.filter((at) => at >= from);
          const created = caps[1]?.countsFrom ?? Infinity;
          const isFull = (counted: readonly number[]) =>
            since(now - 86_400_000).length + open.length >= 3 ||
            (caps.length > 1 && counted.length + open.length >= max);
          const counted = since(created);
          if (counted.length > 0 && counted.every((at) => at < now - LONGEST_WINDOW_MS)) late += 1;
          const wanted = place(n, now + 900_000);
          const isHeld = hold(wanted, caps);
          // Views of the minute before its creation may count or not.
          if (isFull(counted)) expect(isHeld).toBe(false);
          else if (!isFull(since(created - CREATION_MARGIN_MS))) expect(isHeld).toBe(true);
          if (isHeld) open.push(wanted);
        }
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 500) },
    );
    expect(late).toBeGreaterThan(50);
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
