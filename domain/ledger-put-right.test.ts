import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MoneyRecord } from '../schemas/records.ts';
import { type BilledMinute, close, emptyMoney } from './ledger.ts';
import { putMoneyRight } from './ledger-put-right.ts';

const MINUTES_A_DAY = 4;
const dayOf = (minute: number) => `2026-01-${String(1 + Math.floor(minute / MINUTES_A_DAY)).padStart(2, '0')}`;
const minutes = fc
  .uniqueArray(fc.record({ minute: fc.integer({ min: 1, max: 40 }), micros: fc.nat(100), impressions: fc.nat(5) }), {
    selector: ({ minute }) => minute,
  })
  .map((all): BilledMinute[] => all.map((one) => ({ ...one, day: dayOf(one.minute) })));

const account = (all: readonly BilledMinute[]) => ({ minutes: all, served: [], wholeFrom: null });

it('an account of everything gives what closing minute by minute gives, whatever the record said', () => {
  fc.assert(
    fc.property(minutes, fc.integer({ min: 1, max: 45 }), fc.nat(1000), (billed, upTo, wrong) => {
      let truth: MoneyRecord = emptyMoney();
      for (let minute = 1; minute <= upTo; minute++) truth = close(truth, minute, billed);
      const spoilt = { ...truth, billed_micros: wrong, days: truth.days.slice(1) };
      const right = putMoneyRight(spoilt, upTo, account(billed));
      if (truth.days.length > 0) expect(right).toEqual(truth);
      expect(putMoneyRight(right, upTo, account(billed))).toBe(right);
    }),
  );
});

it('days that the account does not hold whole stay, and so does their part of the total', () => {
  const old = { day: '2025-12-01', micros: 700, impressions: 7 };
  const wrong = { day: '2026-01-02', micros: 1, impressions: 1 };
  const record: MoneyRecord = {
    closed_up_to: 9,
    billed_micros: 1_701,
    billed_impressions: 18,
    days: [old, wrong],
    taken: [],
  };
  const told: BilledMinute = { minute: 5, day: '2026-01-02', micros: 30, impressions: 3 };
  const partly: BilledMinute = { minute: 3, day: '2026-01-01', micros: 99, impressions: 9 };
  const right = putMoneyRight(record, 9, { ...account([told, partly]), wholeFrom: '2026-01-02' });
  expect(right.days).toEqual([old, { day: '2026-01-02', micros: 30, impressions: 3 }]);
  expect([right.billed_micros, right.billed_impressions]).toEqual([1_730, 20]);
});

it('a log that is whole for longer than the record keeps days changes no total, however often it is asked', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
  const all = Array.from({ length: 60 }, (_, n) => ({ minute: n + 1, day: day(n), micros: 1_000, impressions: 1 }));
  const record = all.reduce((before, one) => close(before, one.minute, [one]), emptyMoney());
  for (const back of [1, 34, 35, 37, 42]) {
    const wholeFrom = day(59 - back);
    const minutes = all.filter((one) => one.day >= wholeFrom);
    expect(putMoneyRight(record, 60, { minutes, served: [], wholeFrom })).toBe(record);
    const wrong = { ...record, days: record.days.map((one, at) => (at === 34 ? { ...one, micros: 7 } : one)) };
    const right = putMoneyRight(wrong, 60, { minutes, served: [], wholeFrom });
    expect([right.days, right.billed_micros]).toEqual([record.days, 60_993]);
  }
});

it('takes at least what was served in open minutes, and leaves what is taken beyond', () => {
  const served = { minute: 12, day: '2026-01-04', micros: 24, impressions: 2 };
  const right = putMoneyRight(emptyMoney(), 10, {
    minutes: [],
    served: [served, { ...served, minute: 9 }],
    wholeFrom: null,
  });
  expect(right.taken).toEqual([served]);
  expect(putMoneyRight(right, 12, { minutes: [], served: [served], wholeFrom: null }).taken).toEqual([]);
  const more = { ...right, taken: [{ ...served, micros: 36, impressions: 3 }] };
  expect(putMoneyRight(more, 10, { minutes: [], served: [served], wholeFrom: null })).toBe(more);
});

it('a campaign that never billed has nothing to be put right, however many minutes are closed', () => {
  const record = { ...emptyMoney(), closed_up_to: 3 };
  expect(putMoneyRight(record, 10, account([]))).toBe(record);
});
