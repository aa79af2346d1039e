import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BilledMinute, close, emptyMoney, giveBack, heldOf, type Limits, take } from './ledger.ts';

const open: Limits = { totalMicros: null, dailyMicros: null, impressions: null };
const want = { minute: 100, day: '2026-01-05', micros: 10, impressions: 1 };

describe('taking money', () => {
  it('is refused when it would pass the budget, and says what would still fit', () => {
    const limits = { ...open, totalMicros: 25 };
    const first = take(emptyMoney(), { ...want, micros: 20 }, limits, 0);
    expect(first.ok).toBe(true);
    if (!first.ok) return;
    expect(take(first.record, want, limits, 0)).toMatchObject({ ok: false, reason: 'budget_reached', roomMicros: 5 });
    expect(take(first.record, { ...want, micros: 5 }, limits, 0).ok).toBe(true);
  });

  it('is refused in a minute that is closed, for this campaign or for all', () => {
    const closed = close(emptyMoney(), 100, []);
    expect(take(closed, want, open, 0)).toMatchObject({ ok: false, reason: 'minute_closed' });
    expect(take(emptyMoney(), want, open, 100)).toMatchObject({ ok: false, reason: 'minute_closed' });
  });

  it('counts a daily budget by the day of the decision', () => {
    const limits = { ...open, dailyMicros: 10 };
    const first = take(emptyMoney(), want, limits, 0);
    if (!first.ok) throw new Error('the first take fits');
    expect(take(first.record, { ...want, minute: 101 }, limits, 0)).toMatchObject({ reason: 'daily_budget_reached' });
    expect(take(first.record, { ...want, minute: 102, day: '2026-01-06' }, limits, 0).ok).toBe(true);
  });

  it('counts a minute to the day as which it was first taken, whatever zone the campaign has since', () => {
    const limits = { ...open, dailyMicros: 10 };
    const first = take(emptyMoney(), want, limits, 0);
    if (!first.ok) throw new Error('the first take fits');
    expect(take(first.record, { ...want, day: '2026-01-06' }, limits, 0)).toMatchObject({
      reason: 'daily_budget_reached',
    });
  });

  it('can be undone until the minute closes', () => {
    const first = take(emptyMoney(), want, open, 0);
    if (!first.ok) throw new Error('the first take fits');
    expect(heldOf(giveBack(first.record, want)).micros).toBe(0);
    const closed = close(first.record, 100, [{ minute: 100, day: '2026-01-05', micros: 10, impressions: 1 }]);
    expect(giveBack(closed, want)).toEqual(closed);
  });
});

describe('closing', () => {
  it('replaces what was taken by what was billed, once', () => {
    const first = take(emptyMoney(), { ...want, micros: 50, impressions: 5 }, open, 0);
    if (!first.ok) throw new Error('the first take fits');
    const billed: BilledMinute[] = [{ minute: 100, day: '2026-01-05', micros: 30, impressions: 3 }];
    const closed = close(first.record, 100, billed);
    expect(closed).toMatchObject({ billed_micros: 30, billed_impressions: 3, taken: [] });
    expect(close(closed, 100, billed)).toEqual(closed);
    expect(close(closed, 101, billed).billed_micros).toBe(30);
  });

  it('never lets billed and taken pass the budget, whatever order things come in', () => {
    const step = fc.record({
      kind: fc.constantFrom('take', 'back', 'close'),
      ahead: fc.nat(3),
      units: fc.integer({ min: 1, max: 4 }),
      used: fc.nat(100),
    });
    // Long scripts against small budgets: most of them run out, so that refusing is what is tried.
    const scripts = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });
    let refusals = 0;
    fc.assert(
      fc.property(scripts, fc.integer({ min: 5, max: 120 }), (script, budget) => {
        let record = emptyMoney();
        let minute = 100;
        for (const { kind, ahead, units, used } of script) {
          if (kind === 'take') {
            const asked = { minute: minute + ahead, day: 'd', micros: units * 7, impressions: units };
            const taken = take(record, asked, { ...open, totalMicros: budget }, 0);
            if (taken.ok) record = taken.record;
            else refusals++;
          }
          const held = record.taken.find((one) => one.minute === minute);
          if (kind === 'back' && held)
            record = giveBack(record, { ...held, micros: Math.floor((held.micros * used) / 100) });
          if (kind === 'close') {
            const micros = Math.floor(((held?.micros ?? 0) * used) / 100);
            record = close(record, minute, [{ minute, day: 'd', micros, impressions: 0 }]);
            minute++;
          }
          expect(record.billed_micros + heldOf(record).micros).toBeLessThanOrEqual(budget);
        }
      }),
      { numRuns: 500 },
    );
    expect(refusals).toBeGreaterThan(500);
  });
});
