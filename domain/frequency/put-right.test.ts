import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FrequencyEntry, FrequencyRecord } from '../../schemas/records.ts';
import { bareStreamEntry, emptyStream, STREAM_KEPT_MS, type StreamAd, streamEntry } from '../separation-stream.ts';
import { forgetUpTo } from './forget.ts';
import { confirm, emptyFrequency, type Place, release, restore } from './frequency.ts';
import { LONGEST_WINDOW_MS } from './kept.ts';
import { type Covered, putRight, putStreamRight } from './put-right.ts';

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const place = (n: number): Place => ({
  reservation: id(n),
  campaignId: id(100),
  creativeId: id(200),
  partition: 0,
  expiresAt: 1_000,
});
const whole = (until: number): Covered => ({
  until: () => until,
  from: () => 0,
  watermark: () => until,
  lowest: until,
});
const entriesOf = ({ entries }: FrequencyRecord) => new Map(entries.map((entry) => [entry.reservation, entry]));

/** What happens to a reservation, in the order of the log. */
type Step = { readonly n: number; readonly what: 'reserve' | 'view' | 'release' };
const step = fc.record({
  n: fc.integer({ min: 1, max: 5 }),
  what: fc.constantFrom<Step['what']>('reserve', 'view', 'release'),
});

function play(steps: readonly Step[], from = 0, record = emptyFrequency()): FrequencyRecord {
  return steps.reduce((current, { n, what }, at) => {
    if (what === 'reserve') return restore(current, place(n));
    if (what === 'view') return confirm(current, place(n), from + at + 1);
    return release(restore(current, place(n)), id(n));
  }, record);
}

const sorted = (record: FrequencyRecord): readonly FrequencyEntry[] =>
  record.entries.toSorted((a, b) => (a.reservation < b.reservation ? -1 : 1));

it('whatever a record lost or got wrong, it says what the log says, and what came later stays', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 20 }),
      fc.array(step, { maxLength: 8 }),
      fc.func(fc.boolean()),
      (read, later, loses) => {
        const account = play(read);
        const truth = play(later, read.length + 1, account);
        const spoilt = {
          ...truth,
          entries: truth.entries.filter(
            (entry) => !loses(entry.reservation) || !entriesOf(account).has(entry.reservation),
          ),
        };
        const right = putRight(spoilt, entriesOf(account), whole(read.length + 1));
        // What was decided after the account was read is known only where the record still has it.
        const known = truth.entries.map((entry) => {
          const kept = spoilt.entries.some(({ reservation }) => reservation === entry.reservation);
          return kept ? entry : (entriesOf(account).get(entry.reservation) ?? entry);
        });
        expect(sorted(right)).toEqual(sorted({ ...truth, entries: known }));
        expect(putRight(right, entriesOf(account), whole(read.length + 1))).toBe(right);
      },
    ),
  );
});

it('takes away a view that the log has not, unless the log may not have told it yet or no longer has it', () => {
  const record = confirm(emptyFrequency(), place(1), 50);
  expect(putRight(record, new Map(), whole(60)).entries).toEqual([]);
  expect(putRight(record, new Map(), whole(50))).toBe(record);
  expect(putRight(record, new Map(), { ...whole(60), from: () => 51 })).toBe(record);
  expect(putRight(record, new Map(), { ...whole(60), from: () => null })).toBe(record);
});

it('corrects the append time of a view, and a view that was none', () => {
  const told = confirm(emptyFrequency(), place(1), 40);
  const wrong = confirm(emptyFrequency(), place(1), 41);
  expect(putRight(wrong, entriesOf(told), whole(60))).toEqual(told);
  const held = restore(emptyFrequency(), place(1));
  expect(putRight(wrong, entriesOf(held), whole(60))).toEqual(held);
  expect(putRight(wrong, entriesOf(held), whole(41))).toBe(wrong);
});

it('keeps a place that no request has told yet, and does not bring one back whose token has ended', () => {
  const held = restore(emptyFrequency(), place(1));
  expect(putRight(held, new Map(), whole(60))).toBe(held);
  expect(putRight(emptyFrequency(), entriesOf(held), whole(1_001)).entries).toEqual([]);
  expect(putRight(emptyFrequency(), entriesOf(held), whole(1_000))).toEqual(held);
  const seen = confirm(emptyFrequency(), place(1), 40);
  expect(putRight(emptyFrequency(), entriesOf(seen), whole(1_001))).toEqual(seen);
});

it('views for life that are older than every window go into totals, once, and never lower what is there', () => {
  const old = confirm(restore(emptyFrequency(), place(1), true), place(1), 500);
  const fresh = confirm(restore(old, place(2), true), place(2), 900);
  const lowest = 501 + LONGEST_WINDOW_MS;
  const covered = { until: () => 1_000, from: () => 0, watermark: () => lowest, lowest };
  const right = putRight(emptyFrequency(), entriesOf(fresh), covered);
  expect(right.entries.map(({ reservation }) => reservation)).toEqual([id(2)]);
  expect(right.totals).toEqual([{ campaign: id(100), creative: id(200), views: 1, last_at: 500 }]);
  expect(putRight(right, entriesOf(fresh), covered)).toBe(right);
  const longer = { ...right, totals: right.totals.map((total) => ({ ...total, views: 7 })) };
  expect(putRight(longer, entriesOf(fresh), covered)).toBe(longer);
  // One that is still an entry is no total yet.
  expect(putRight(fresh, entriesOf(fresh), covered)).toBe(fresh);
});

it('a record that did not hear of an erasure keeps what was seen after it', () => {
  const seen = confirm(confirm(restore(emptyFrequency(), place(3)), place(1), 10), place(2), 20);
  const told = forgetUpTo({ ...seen, totals: [{ campaign: id(100), creative: id(200), views: 9, last_at: 5 }] }, 10);
  expect(told).toMatchObject({ entries: [{ reservation: id(2), at: 20 }], totals: [], erased_at: 10 });
  expect(forgetUpTo(told, 10)).toBe(told);
  expect(forgetUpTo(told, 9)).toBe(told);
});

it('an ad of a stream gets back its time and its competitors, and one that ran out unseen counts on for a day', () => {
  const streamAd: StreamAd = {
    ...{ place: place(1), advertiserId: id(300), categories: ['colas'], ancestors: ['drinks'], apartSeconds: 60 },
    at: { breakIndex: 1, breakOffsetMs: 5_000, startMs: 0, endMs: 30_000, podMs: 60_000 },
  };
  const told = new Map([[id(1), streamEntry(streamAd)]]);
  const from = (lowest: number) => ({ until: () => 2_000, from: () => 0, watermark: () => lowest, lowest });
  const right = putStreamRight(emptyStream(), told, from(2_000));
  expect(right.entries).toEqual([streamEntry(streamAd)]);
  expect(putStreamRight(right, told, from(2_000))).toBe(right);
  expect(putStreamRight(emptyStream(), told, from(1_001 + STREAM_KEPT_MS)).entries).toEqual([]);
  for (const wrong of [{ start_ms: 1 }, { categories: [] }, { apart_seconds: null }]) {
    const spoilt = { ...right, entries: right.entries.map((entry) => ({ ...entry, ...wrong })) };
    expect(putStreamRight(spoilt, told, from(2_000))).toEqual(right);
  }
  // Its request is gone from the log: what the beacon knows does not blot out what the record knows.
  const seen = { ...bareStreamEntry(place(1)), state: 'CONFIRMED' as const, at: 900 };
  expect(putStreamRight(right, new Map([[id(1), seen]]), from(2_000)).entries).toEqual([
    { ...streamEntry(streamAd), state: 'CONFIRMED', at: 900 },
  ]);
});
