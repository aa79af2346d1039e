import { describe, expect, it } from 'vitest';
import type { Marks } from './frequency/frequency.ts';
import {
  apartOf,
  confirmInStream,
  emptyStream,
  fitsNowhere,
  gapMs,
  releaseInStream,
  reserveInStream,
  restoreInStream,
  STREAM_KEPT_MS,
  type StreamAd,
  type StreamTime,
} from './separation-stream.ts';

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const marks = (at: number): Marks => ({ of: () => at, lowest: at });
const nobody: ReadonlySet<string> = new Set();

function time(breakOffsetSeconds: number | null, startSeconds: number, changes: Partial<StreamTime> = {}): StreamTime {
  const breakOffsetMs = breakOffsetSeconds === null ? null : breakOffsetSeconds * 1000;
  const startMs = startSeconds * 1000;
  return { breakIndex: null, breakOffsetMs, startMs, endMs: startMs + 30_000, podMs: 120_000, ...changes };
}

function ad(n: number, at: StreamTime, changes: Partial<StreamAd> = {}): StreamAd {
  const place = { reservation: id(n), campaignId: id(100 + n), creativeId: id(200 + n), partition: 0, expiresAt: 5000 };
  return {
    place,
    advertiserId: id(300 + n),
    categories: ['cola'],
    ancestors: ['drinks'],
    apartSeconds: 60,
    at,
    ...changes,
  };
}

function take(record: ReturnType<typeof emptyStream>, ...ads: readonly StreamAd[]) {
  const wanted = ads.map((one) => ({ ad: one, caps: [] }));
  const answer = reserveInStream(record, wanted, nobody, marks(0));
  return { record: answer.record, refused: answer.refused.map(({ reason }) => reason) };
}

describe('competitors in two pods of one stream', () => {
  const first = take(emptyStream(), ad(1, time(0, 0))).record;

  it.each([
    ['the seconds asked for lie between them', ad(2, time(0, 90)), []],
    ['a second is missing', ad(2, time(0, 89)), ['separated']],
    ['they play at the same time', ad(2, time(10, 0)), ['separated']],
    ['the earlier one is decided later', ad(2, time(-90, 0)), []],
    ['and a second is missing there', ad(2, time(-89, 0)), ['separated']],
    ['a category lies above', ad(2, time(10, 0), { categories: ['drinks'], ancestors: [] }), ['separated']],
    ['categories are siblings', ad(2, time(10, 0), { categories: ['juice'] }), []],
    ['an ad has none', ad(2, time(10, 0), { categories: [], ancestors: [] }), []],
    ['only the pod that came first asked for it', ad(2, time(10, 0), { apartSeconds: 0 }), ['separated']],
    ['the other pod asked for more', ad(2, time(0, 91), { apartSeconds: 62 }), ['separated']],
    ['a pod asked for the whole stream', ad(2, time(9000, 0), { apartSeconds: null }), ['separated']],
  ] as const)('when %s: %j', (_, second, refused) => {
    expect(take(first, second).refused).toEqual(refused);
  });

  it('are free of one that was released, not of one that ran out or was seen', () => {
    const near = ad(2, time(10, 0));
    expect(take(releaseInStream(first, id(1)), near).refused).toEqual([]);
    expect(take(confirmInStream(first, ad(1, time(0, 0)).place, 10), near).refused).toEqual(['separated']);
    const later = reserveInStream(first, [{ ad: near, caps: [] }], nobody, marks(5001));
    expect(later.refused).toHaveLength(1);
  });

  it("are not asked about each other within one pod: that is the solver's", () => {
    expect(take(emptyStream(), ad(1, time(0, 0)), ad(2, time(0, 30))).refused).toEqual([]);
  });

  it('are forgotten a day after the last one', () => {
    const near = [{ ad: ad(2, time(10, 0)), caps: [] }];
    expect(reserveInStream(first, near, nobody, marks(5000 + STREAM_KEPT_MS)).refused).toHaveLength(1);
    expect(reserveInStream(first, near, nobody, marks(5001 + STREAM_KEPT_MS)).refused).toHaveLength(0);
  });

  it('follow each other at once where nobody said when they play', () => {
    const a = time(null, 0, { breakIndex: 1 });
    const b = time(null, 20, { breakIndex: 2 });
    expect(gapMs(a, b)).toBe(90_000 + 20_000);
    expect(gapMs(b, a)).toBe(110_000);
    expect(gapMs(a, { ...b, breakIndex: 1 })).toBe(0);
    expect(gapMs({ ...a, breakIndex: null }, b)).toBe(70_000);
  });
});

describe('a pod that is placed again', () => {
  it('replaces what it had taken, wherever that stood', () => {
    const once = take(emptyStream(), ad(1, time(0, 0)), ad(2, time(0, 60))).record;
    const again = reserveInStream(once, [{ ad: ad(2, time(0, 0)), caps: [] }], new Set([id(1), id(2)]), marks(0));
    expect(again.refused).toEqual([]);
    expect(again.record.entries.map(({ reservation, start_ms }) => [reservation, start_ms])).toEqual([[id(2), 0]]);
  });
});

describe('a stream cap', () => {
  const cap = { scope: 'stream' as const, creativeId: null, windowSeconds: null, max: 2 };
  const same = (n: number) => ad(n, time(n * 1000, 0), { place: { ...ad(n, time(0, 0)).place, campaignId: id(7) } });

  it('counts the ads of a campaign over all pods, and within the pod', () => {
    const wanted = [1, 2, 3].map((n) => ({ ad: same(n), caps: [cap] }));
    const { record, refused } = reserveInStream(emptyStream(), wanted, nobody, marks(0));
    expect(refused).toEqual([{ reservation: id(3), reason: 'cap_reached' }]);
    expect(reserveInStream(record, [{ ad: same(4), caps: [cap] }], nobody, marks(0)).refused).toHaveLength(1);
    const freed = reserveInStream(record, [{ ad: same(4), caps: [cap] }], nobody, marks(5001));
    expect(freed.refused).toEqual([]);
  });
});

describe('what a pod can know before it is solved', () => {
  const record = take(emptyStream(), ad(1, time(0, 0))).record;
  const at = (breakOffsetMs: number | null, seconds: number) => ({
    breakIndex: null,
    breakOffsetMs,
    seconds,
    adSeconds: 30,
  });
  const cola = { categories: ['cola'], ancestors: ['drinks'], apartSeconds: 60 };

  it('is that no second of it is far enough from a competitor', () => {
    expect(fitsNowhere(record, cola, at(0, 119))).toBe(true);
    expect(fitsNowhere(record, cola, at(0, 120))).toBe(false);
    expect(fitsNowhere(record, cola, at(90_000, 30))).toBe(false);
    expect(fitsNowhere(record, { ...cola, categories: [] }, at(0, 30))).toBe(false);
  });

  it('is what every second of it says, one by one', () => {
    for (let offset = -200; offset < 200; offset += 13) {
      for (const unknown of [false, true]) {
        for (const seconds of [30, 60, 120, 240]) {
          const pod = at(unknown ? null : offset * 1000, seconds);
          const free = Array.from({ length: seconds - 29 }, (_, start) => start).some(
            (start) =>
              take(record, ad(2, time(unknown ? null : offset, start, { podMs: seconds * 1000 }))).refused.length === 0,
          );
          expect([offset, unknown, seconds, fitsNowhere(record, cola, pod)]).toEqual([offset, unknown, seconds, !free]);
        }
      }
    }
  });
});

describe('what a store forgot', () => {
  it('comes back from the request, and completes what its beacon has told before', () => {
    const told = confirmInStream(emptyStream(), ad(1, time(0, 0)).place, 77);
    expect(take(told, ad(2, time(10, 0))).refused).toEqual([]);
    const whole = restoreInStream(told, ad(1, time(0, 0)), 5);
    expect(whole.entries).toMatchObject([{ state: 'CONFIRMED', at: 77, categories: ['cola'] }]);
    expect(take(whole, ad(2, time(10, 0))).refused).toEqual(['separated']);
    expect(restoreInStream(whole, ad(1, time(0, 0)), 5)).toBe(whole);
    expect(restoreInStream({ ...emptyStream(), erased_at: 5 }, ad(1, time(0, 0)), 5).entries).toEqual([]);
  });
});

it('pods ask across pods for seconds, for the stream, or for nothing', () => {
  const rules = { separation: true, minSeparationSeconds: 30 };
  expect(apartOf(rules)).toBe(30);
  expect(apartOf({ ...rules, separation: false })).toBe(0);
  expect(apartOf({ ...rules, minSeparationSeconds: null })).toBe(0);
  expect(apartOf({ ...rules, minSeparationSeconds: null, separationScope: 'stream' })).toBeNull();
});
