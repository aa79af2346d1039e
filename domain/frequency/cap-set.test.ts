import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapScope, FrequencyCap } from '../campaign.ts';
import { capFaults, capWindows, idleCaps, podMaxOf } from './cap-set.ts';
import { countInWindow } from './frequency.ts';

const { minute, hour, day, week, month } = capWindows;
const cap = (
  max: number,
  windowSeconds: number | null,
  scope: CapScope = 'user',
  creativeId: string | null = null,
) => ({
  scope,
  creativeId,
  windowSeconds,
  max,
});
const codes = (...caps: readonly FrequencyCap[]) => capFaults(caps, ['a', 'b']).map(({ index, code }) => [index, code]);

describe('a set of caps', () => {
  it('makes sense when each cap can refuse something that the others do not', () => {
    expect(
      codes(
        cap(1, minute),
        cap(3, hour),
        cap(5, day),
        cap(10, week),
        cap(20, month),
        cap(50, null),
        cap(2, day, 'household'),
        cap(2, day, 'user', 'a'),
        cap(3, day, 'stream'),
        cap(4, null, 'stream'),
        cap(2, null, 'pod'),
      ),
    ).toEqual([]);
  });

  it.each([
    ['a longer window that allows no more', [cap(2, day), cap(1, week)], [[0, 'never_binds']]],
    ['a longer window that allows the same', [cap(2, day), cap(2, week)], [[0, 'never_binds']]],
    ['a lifetime that allows no more', [cap(2, month), cap(2, null)], [[0, 'never_binds']]],
    ['a campaign that allows no more than its creative', [cap(2, day), cap(2, day, 'user', 'a')], [[1, 'never_binds']]],
    ['a pod that allows more than its stream', [cap(2, null, 'stream'), cap(3, null, 'pod')], [[1, 'never_binds']]],
    [
      'a pod that allows more than its stream in an hour',
      [cap(3, hour, 'stream'), cap(5, null, 'pod')],
      [[1, 'never_binds']],
    ],
    ['a pod that allows more than any pod holds', [cap(30, null, 'pod')], [[0, 'never_binds']]],
    ['a creative in a pod', [cap(1, null, 'pod', 'a')], [[0, 'never_binds']]],
    ['the same twice', [cap(2, day), cap(3, day)], [[1, 'duplicate']]],
    ['none at all', [cap(0, day)], [[0, 'max_not_positive']]],
    ['half a view', [cap(0.5, day)], [[0, 'max_not_positive']]],
    ['a window of no name', [cap(1, 61)], [[0, 'window_unknown']]],
    ['a pod by the hour', [cap(1, hour, 'pod')], [[0, 'window_not_for_scope']]],
    ['a stream by the week', [cap(9, week, 'stream')], [[0, 'window_not_for_scope']]],
    ['a stream by the month', [cap(9, month, 'stream')], [[0, 'window_not_for_scope']]],
    ['a creative of somebody else', [cap(1, hour, 'user', 'c')], [[0, 'creative_unknown']]],
  ] as const)('is refused for %s', (_, caps, faults) => {
    expect(codes(...caps)).toEqual(faults);
  });

  it('says why in a sentence', () => {
    const [fault] = capFaults([cap(2, day), cap(1, week)], []);
    expect(fault?.detail).toBe('2 per day for a user never refuses anything beside 1 per week for a user');
  });

  it('keeps different scopes apart: one person may watch in two households', () => {
    expect(codes(cap(1, day, 'household'), cap(5, day))).toEqual([]);
  });

  it('points out a longer window that shorter ones fill too slowly, without refusing it', () => {
    const caps = [cap(1, minute), cap(60, hour)];
    expect(capFaults(caps, [])).toEqual([]);
    expect(idleCaps(caps)).toMatchObject([{ index: 1, code: 'never_binds' }]);
    expect(idleCaps([cap(1, minute), cap(59, hour)])).toEqual([]);
  });

  it('gives the solver the tightest cap of the pod', () => {
    expect(podMaxOf([cap(3, null, 'pod'), cap(2, null, 'pod'), cap(1, null, 'stream')])).toBe(2);
    expect(podMaxOf([cap(1, null, 'stream')])).toBeNull();
  });
});

describe('a cap that never binds', () => {
  const windows = [minute, hour, day, week, month, null];
  const some = fc.record({
    scope: fc.constant('user' as const),
    creativeId: fc.constantFrom(null, 'a'),
    windowSeconds: fc.constantFrom(...windows),
    max: fc.integer({ min: 1, max: 4 }),
  });

  it('is never the only one that refuses a view', () => {
    const id = (n: number) => `${n}`;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 2, maxLength: 5 }),
        fc.array(fc.nat(200_000), { minLength: 20, maxLength: 40 }),
        (caps, gaps) => {
          const weak = capFaults(caps, ['a']).flatMap(({ index, code }) =>
            code === 'never_binds' ? [caps[index]] : [],
          );
          let now = 1e12;
          const entries: Parameters<typeof countInWindow>[0]['entries'][number][] = [];
          for (const [n, gap] of gaps.entries()) {
            now += gap * 1000;
            const marks = { of: () => now, lowest: now };
            const creative = n % 2 === 0 ? 'a' : 'b';
            const full = caps.filter(
              (one) =>
                (one.creativeId === null || one.creativeId === creative) &&
                countInWindow({ entries }, one, 'k', 0, marks) >= one.max,
            );
            if (full.length > 0) {
              refused++;
              expect(full.every((one) => weak.includes(one))).toBe(false);
            } else {
              const place = { reservation: id(n), campaign: 'k', creative, partition: 0, expires_at: now };
              entries.push({ ...place, state: 'CONFIRMED', at: now });
            }
          }
        },
      ),
    );
    expect(refused).toBeGreaterThan(300);
  });
});
