import { expect, it } from 'vitest';
import { countInWindow, emptyFrequency, type Place, reserve } from '../domain/frequency/frequency.ts';
import { LONGEST_WINDOW_MS } from '../domain/frequency/kept.ts';
import type { StreamAd } from '../domain/separation-stream.ts';
import { id } from './fixture.ts';
import { changeFrequency, type PlaceChange } from './frequency-changes.ts';

const start = 1_800_000_000_000;
const lifetime = { scope: 'user', creativeId: null, windowSeconds: null, max: 9 } as const;
const place = (n: number, at: number): Place => ({
  reservation: id(n),
  campaignId: id(100),
  creativeId: id(200),
  partition: 0,
  expiresAt: at + 1_000,
});
const marks = (at: number) => ({ of: () => at, lowest: at });

/** Request and impression of one place, as a worker reads them that catches a store up. */
function again(n: number, at: number): readonly PlaceChange[] {
  const ad: StreamAd = {
    place: place(n, at),
    ...{ advertiserId: id(300), categories: [], ancestors: [], apartSeconds: 0 },
    at: { breakIndex: 0, breakOffsetMs: null, startMs: 0, endMs: 1, podMs: 1 },
  };
  return [
    { kind: 'restored', ad, forLife: true, servedAt: at },
    {
      kind: 'confirmed',
      ...{ place: place(n, at), appendedAt: at, seenAt: at, forLife: true, mayBeInTotal: true },
    },
  ];
}

it('a view that went into a total is not counted again when the log tells of it again, in whatever order', () => {
  const now = start + LONGEST_WINDOW_MS + 60_000;
  const seen = again(1, start).reduce(changeFrequency, emptyFrequency());
  const ask = (record: typeof seen, n: number) =>
    reserve(record, [{ place: place(n, now), caps: [lifetime] }], marks(now)).record;
  const folded = ask(seen, 2);
  expect(folded.totals).toMatchObject([{ views: 1 }]);
  for (const changes of [again(1, start), again(1, start).toReversed()]) {
    const caughtUp = changes.reduce(changeFrequency, folded);
    const { totals, entries } = ask(caughtUp, 3);
    expect(totals).toEqual(folded.totals);
    expect(countInWindow({ entries, totals }, lifetime, id(100), 0, marks(now))).toBe(3);
  }
  // What no total can hold is put back: the shard was wiped, or nobody had looked since.
  const later = again(4, start + 1).reduce(changeFrequency, folded);
  expect(ask(later, 3).totals).toMatchObject([{ views: 2 }]);
});
