import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrequencyCap } from '../campaign.ts';
import {
  confirm,
  countInWindow,
  emptyFrequency,
  type Marks,
  type Place,
  release,
  reserve,
  restore,
} from './frequency.ts';
import { countedMs } from './kept.ts';

const HOUR = 3600;
const campaign = '00000000-0000-7000-8000-000000000001';
const cap = (max: number, windowSeconds = HOUR): FrequencyCap => ({
  scope: 'user',
  creativeId: null,
  windowSeconds,
  max,
});
const marks = (watermark: number): Marks => ({ of: () => watermark, lowest: watermark });

function place(n: number, expiresAt = 1_000_000): Place {
  const reservation = `00000000-0000-7000-9000-${String(n).padStart(12, '0')}`;
  return { reservation, campaignId: campaign, creativeId: campaign, partition: 0, expiresAt };
}

describe('a place under a cap', () => {
  it('is not taken by the views of another campaign in the same record', () => {
    const theirs = { ...place(1), campaignId: '00000000-0000-7000-8000-00000000000f' };
    const { record } = reserve(emptyFrequency(), [{ place: theirs, caps: [cap(1)] }], marks(0));
    expect(reserve(record, [{ place: place(2), caps: [cap(1)] }], marks(0)).refused).toEqual([]);
  });

  it('of one creative is not taken by another of its campaign, of the whole campaign it is', () => {
    const other = { ...place(1), creativeId: '00000000-0000-7000-8000-00000000000c' };
    const { record } = reserve(emptyFrequency(), [{ place: other, caps: [] }], marks(0));
    const own = { ...cap(1), creativeId: campaign };
    expect(reserve(record, [{ place: place(2), caps: [own] }], marks(0)).refused).toEqual([]);
    expect(reserve(record, [{ place: place(2), caps: [cap(1)] }], marks(0)).refused).toHaveLength(1);
  });

  it('is refused once as many places are outstanding as the cap allows', () => {
    const wanted = [1, 2, 3].map((n) => ({ place: place(n), caps: [cap(2)] }));
    const { record, refused } = reserve(emptyFrequency(), wanted, marks(0));
    expect(record.entries).toHaveLength(2);
    expect(refused).toEqual([{ reservation: place(3).reservation, cap: cap(2) }]);
  });

  it('is taken once, however often it is asked for', () => {
    const once = reserve(emptyFrequency(), [{ place: place(1), caps: [cap(1)] }], marks(0)).record;
    const again = reserve(once, [{ place: place(1), caps: [cap(1)] }], marks(0));
    expect(again.refused).toEqual([]);
    expect(again.record.entries).toHaveLength(1);
  });

  it('stays held at its expiry and is free once the watermark has passed it', () => {
    const held = reserve(emptyFrequency(), [{ place: place(1, 5000), caps: [cap(1)] }], marks(0)).record;
    expect(countInWindow(held, cap(1), campaign, 0, marks(5000))).toBe(1);
    expect(countInWindow(held, cap(1), campaign, 0, marks(5001))).toBe(0);
  });

  it('counts from the append time of its impression, a whole window long', () => {
    const seen = confirm(emptyFrequency(), place(1), 10_000);
    expect(countInWindow(seen, cap(1), campaign, 0, marks(10_000 + HOUR * 1000))).toBe(1);
    expect(countInWindow(seen, cap(1), campaign, 0, marks(10_001 + HOUR * 1000))).toBe(0);
  });

  it('is free for good after a release, and a confirmation cannot be released', () => {
    const held = reserve(emptyFrequency(), [{ place: place(1), caps: [cap(1)] }], marks(0)).record;
    const released = release(held, place(1).reservation);
    expect(countInWindow(released, cap(1), campaign, 0, marks(0))).toBe(0);
    expect(confirm(released, place(1), 10)).toEqual(released);
    const confirmed = confirm(held, place(1), 10);
    expect(release(confirmed, place(1).reservation)).toEqual(confirmed);
  });

  it('of one creative leaves the other creatives of the campaign alone', () => {
    const only: FrequencyCap = { ...cap(1), creativeId: campaign };
    const other = { ...place(2), creativeId: '00000000-0000-7000-8000-000000000002' };
    const held = reserve(emptyFrequency(), [{ place: place(1), caps: [only] }], marks(0)).record;
    expect(reserve(held, [{ place: other, caps: [only] }], marks(0)).refused).toEqual([]);
  });

  it('is remembered for the longest window of its campaign, in whatever order ads are asked for', () => {
    const seen = confirm(emptyFrequency(), place(1, 1000), 1000);
    const now = marks(1000 + 2 * HOUR * 1000);
    const far = 1e9;
    const wanted = [
      { place: place(2, far), caps: [cap(9, 24 * HOUR)] },
      { place: place(3, far), caps: [cap(9)] },
    ];
    expect(reserve(seen, wanted, now).record.entries).toHaveLength(3);
  });
});

describe('an asker who has not heard of a longer cap', () => {
  const minute = cap(1, 60);
  const day = cap(3, 24 * HOUR);
  const ask = (record: ReturnType<typeof emptyFrequency>, n: number, caps: readonly FrequencyCap[]) => {
    const at = n * 180_000;
    const wanted = place(n, at + 900_000);
    const answer = reserve(record, [{ place: wanted, caps }], marks(at - 60_000));
    if (answer.refused.length > 0) return { ...answer, served: false };
    return { record: confirm(answer.record, wanted, at + 1000), served: true };
  };

  it('keeps their own view as long as that does, also when no view of those who know it is left', () => {
    let record = ask(emptyFrequency(), 1, [minute, day]).record;
    const hours = (n: number) => 20 * n;
    record = ask(record, hours(23), [minute]).record;
    for (const later of [25, 26]) {
      const wanted = place(hours(later), hours(later) * 180_000);
      const asked = reserve(record, [{ place: wanted, caps: [minute] }], marks(hours(later) * 180_000));
      record = release(asked.record, wanted.reservation);
    }
    expect(countInWindow(record, day, campaign, 0, marks(hours(26) * 180_000))).toBe(1);
  });

  it('makes nobody forget what that counts', () => {
    let record = emptyFrequency();
    const served: boolean[] = [];
    for (const [n, caps] of [[minute, day], [minute, day], [minute], [minute, day], [minute], [day]].entries()) {
      const answer = ask(record, n + 1, caps);
      record = answer.record;
      served.push(answer.served);
    }
    expect(served).toEqual([true, true, true, false, true, false]);
    expect(record.entries).toHaveLength(4);
  });

  it('makes nobody forget it either where the log put the views back', () => {
    const keptMs = countedMs([minute, day], 'user');
    const served = { ...place(1, 900_000), keptMs };
    const seen = { ...place(2, 900_000), keptMs };
    let record = confirm(restore(emptyFrequency(), served), served, 1000);
    record = confirm(record, seen, 2000);
    record = ask(record, 20, [minute]).record;
    expect(countInWindow(record, day, campaign, 0, marks(3_600_000))).toBe(3);
  });

  it('keeps a view as long as the worker knows that some cap counts it', () => {
    const open = reserve(emptyFrequency(), [{ place: place(1, 900_000), caps: [minute] }], marks(0)).record;
    const seen = confirm(open, { ...place(1, 900_000), keptMs: countedMs([minute, day], 'user') }, 1000);
    const { record } = ask(seen, 20, [minute]);
    expect(countInWindow(record, day, campaign, 0, marks(3_600_000))).toBe(2);
  });

  it('is not followed once the campaign has no view left that the longer one counts', () => {
    const seen = ask(emptyFrequency(), 1, [minute, day]).record;
    const later = marks(2 * 24 * HOUR * 1000);
    const { record } = reserve(seen, [{ place: place(2, 9e12), caps: [minute] }], later);
    expect(record.entries).toMatchObject([{ reservation: place(2).reservation, at: 60_000 }]);
  });
});

type Step =
  | { readonly do: 'request'; readonly partition: number }
  | { readonly do: 'view' | 'skip'; readonly pick: number; readonly delay: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'apply'; readonly partition: number; readonly records: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('request' as const), partition: fc.nat(2) }),
    fc.record({ do: fc.constantFrom('view' as const, 'skip' as const), pick: fc.nat(30), delay: fc.nat(900) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat(4000) }),
    fc.record({ do: fc.constant('apply' as const), partition: fc.nat(2), records: fc.integer({ min: 1, max: 5 }) }),
  ),
  { minLength: 20, maxLength: 120 },
);

interface Beacon {
  readonly place: Place;
  readonly kind: 'view' | 'skip';
  readonly at: number;
}

const TOKEN_LIFE = 1500;
const WINDOW_SECONDS = 5;

/** A log of three partitions with a worker that lags as it likes, and deciders that see only its watermarks. */
function play(script: readonly Step[], max: number): { billable: number[]; refused: number } {
  let now = 10_000;
  let served = 0;
  let refused = 0;
  let record = emptyFrequency();
  const rules = cap(max, WINDOW_SECONDS);
  const places: Place[] = [];
  const log: Beacon[][] = [[], [], []];
  const applied = [0, 0, 0];
  const watermark = (p: number) => log[p]?.[(applied[p] ?? 0) - 1]?.at ?? 0;
  const seen: Marks = {
    of: watermark,
    get lowest() {
      return Math.min(watermark(0), watermark(1), watermark(2));
    },
  };
  const decided = new Set<string>();
  const billable: number[] = [];
  for (const step of script) {
    if (step.do === 'pass') now += step.ms;
    if (step.do === 'request') {
      const wanted = { ...place(served++, now + TOKEN_LIFE), partition: step.partition };
      const answer = reserve(record, [{ place: wanted, caps: [rules] }], seen);
      record = answer.record;
      refused += answer.refused.length;
      if (answer.refused.length === 0) places.push(wanted);
    }
    if (step.do === 'view' || step.do === 'skip') {
      const chosen = places[step.pick % Math.max(1, places.length)];
      now += step.delay;
      if (chosen) log[chosen.partition]?.push({ place: chosen, kind: step.do, at: now });
      if (chosen && now <= chosen.expiresAt && !decided.has(chosen.reservation)) {
        decided.add(chosen.reservation);
        if (step.do === 'view') billable.push(now);
      }
    }
    if (step.do === 'apply') {
      const from = applied[step.partition] ?? 0;
      const batch = (log[step.partition] ?? []).slice(from, from + step.records);
      for (const beacon of batch) record = applyBeacon(record, beacon, log[step.partition] ?? []);
      applied[step.partition] = from + batch.length;
    }
  }
  return { billable, refused };
}

function applyBeacon(record: ReturnType<typeof emptyFrequency>, beacon: Beacon, log: readonly Beacon[]) {
  const first = log.find((one) => one.place.reservation === beacon.place.reservation) === beacon;
  if (!first || beacon.at > beacon.place.expiresAt) return record;
  return beacon.kind === 'view' ? confirm(record, beacon.place, beacon.at) : release(record, beacon.place.reservation);
}

describe('rolling windows', () => {
  it('never hold more billable impressions than the cap, whatever the lag, order and lateness', () => {
    let refusals = 0;
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 }), (script, max) => {
        const { billable, refused } = play(script, max);
        refusals += refused;
        for (const end of billable) {
          const span = billable.filter((at) => at > end - WINDOW_SECONDS * 1000 && at <= end);
          expect(span.length).toBeLessThanOrEqual(max);
        }
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 300) },
    );
    expect(refusals).toBeGreaterThan(100);
  });
});
