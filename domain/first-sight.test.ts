import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BeaconFacts, isBillable, judge, outcomeOf } from './first-sight.ts';

type Arrival = BeaconFacts & { readonly offset: number; readonly appendedAt: number };

const events = ['impression', 'notUsed', 'error', 'start', 'complete', 'click', 'progress'];

const log = fc
  .array(
    fc.record({
      reservation: fc.constantFrom('r1', 'r2', 'r3'),
      event: fc.constantFrom(...events),
      pricing_model: fc.constantFrom('cpm', 'cpv', 'cpc', 'flat', 'new'),
      price_micros: fc.integer({ min: 0, max: 50_000 }),
      expires_at: fc.integer({ min: 0, max: 60 }),
      offset_seconds: fc.constantFrom(null, 3, 9),
      invalid: fc.constantFrom(null, null, null, 'bot'),
      step: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 30 },
  )
  .map((rows) => {
    let appendedAt = 0;
    return rows.map(({ step, ...facts }, offset): Arrival => {
      appendedAt += step;
      const offset_seconds = facts.event === 'progress' ? facts.offset_seconds : null;
      return { ...facts, offset_seconds, offset, appendedAt };
    });
  });

/** Claims set-if-absent in the order of the log, as a state store does. */
function claimAll(arrivals: readonly Arrival[]): Map<string, number> {
  const held = new Map<string, number>();
  for (const arrival of arrivals) {
    for (const id of outcomeOf(arrival)) if (!held.has(id)) held.set(id, arrival.offset);
  }
  return held;
}

const holdersOf = (arrival: Arrival, held: ReadonlyMap<string, number>) =>
  outcomeOf(arrival).map((id) => held.get(id) ?? -1);

test('judges as reading the whole log from its beginning for each beacon would', () => {
  fc.assert(
    fc.property(log, (arrivals) => {
      const held = claimAll(arrivals);
      for (const a of arrivals) {
        const before = arrivals.filter((b) => b.reservation === a.reservation && b.offset < a.offset);
        const valid = a.invalid === null;
        const alike = before.filter((b) => (b.invalid === null) === valid);
        const seen = alike.some((b) => b.event === a.event && b.offset_seconds === a.offset_seconds);
        const decides = (b: Arrival) => b.event === 'impression' || b.event === 'notUsed' || b.event === 'error';
        const decided = alike.some(decides);
        const competes = valid && decides(a);
        const late = a.appendedAt > a.expires_at;
        const billable = valid && !seen && !late && !(a.event === 'impression' && decided);
        const billed =
          (a.pricing_model === 'cpm' && a.event === 'impression') ||
          (a.pricing_model === 'cpv' && a.event === 'complete') ||
          (a.pricing_model === 'cpc' && a.event === 'click');
        expect(judge(a, a.appendedAt, a.offset, holdersOf(a, held))).toEqual({
          duplicate: seen,
          late,
          decisive: competes && !decided,
          billable,
          spend_micros: billable && billed ? a.price_micros : 0,
        });
      }
    }),
  );
});

test('bills a reservation at most once, however often and in whatever order its beacons come', () => {
  fc.assert(
    fc.property(log, (arrivals) => {
      const sameModel = arrivals.map((a) => ({ ...a, pricing_model: 'cpm' }));
      const held = claimAll(sameModel);
      const billed = sameModel.filter(
        (a) => a.event === 'impression' && isBillable(a, a.appendedAt, a.offset, holdersOf(a, held)),
      );
      expect(new Set(billed.map((a) => a.reservation)).size).toBe(billed.length);
    }),
  );
});

test('counts a beacon appended in the very millisecond of its expiry, and none after it', () => {
  const beacon = { event: 'impression', expires_at: 1000, invalid: null };
  expect(isBillable(beacon, 1000, 4, [4, 4])).toBe(true);
  expect(isBillable(beacon, 1001, 4, [4, 4])).toBe(false);
});

test('never bills an impression after a release', () => {
  expect(isBillable({ event: 'impression', expires_at: 1000, invalid: null }, 5, 8, [8, 7])).toBe(false);
});

test('takes an error after the impression as not fatal', () => {
  const error: BeaconFacts = {
    reservation: 'r',
    event: 'error',
    pricing_model: 'cpm',
    price_micros: 9,
    expires_at: 99,
    offset_seconds: null,
    invalid: null,
  };
  expect(judge(error, 5, 8, [8, 7])).toMatchObject({ decisive: false, duplicate: false, spend_micros: 0 });
});

test('invalid traffic bills nothing and takes nothing: what is genuine counts all the same', () => {
  const bot = { reservation: 'r', event: 'impression', offset_seconds: null, invalid: 'bot', expires_at: 99 };
  const viewer = { ...bot, invalid: null };
  expect(outcomeOf(bot).some((id) => outcomeOf(viewer).includes(id))).toBe(false);
  expect(isBillable(bot, 5, 1, [1])).toBe(false);
  expect(isBillable(viewer, 6, 2, [2, 2])).toBe(true);
});
