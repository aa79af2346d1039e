import { expect, test } from 'vitest';
import type { BeaconFact, Logged } from './facts.ts';
import { judge, zoneDay } from './judge.ts';
import { sampleRun } from './sample-run.ts';

const [sample] = sampleRun().log.beacons;
if (!sample) throw new Error('the sample has beacons');

const told = (offset: number, event: string, changes: Partial<BeaconFact> = {}, late = false): Logged<BeaconFact> => ({
  ...sample,
  offset,
  appendedAt: late ? sample.value.expires_at + 1 : sample.value.expires_at,
  value: { ...sample.value, event, ...changes },
});

test('the lowest offset of an event is its first sight, whatever the order of reading', () => {
  const verdicts = judge([told(4, 'impression'), told(2, 'impression')]);
  expect(verdicts.map(({ beacon, first, billable }) => [beacon.offset, first, billable])).toEqual([
    [2, true, true],
    [4, false, false],
  ]);
});

test('a beacon is in time up to its expiry and never after', () => {
  expect(judge([told(0, 'impression')])).toMatchObject([{ late: false, billable: true, spend: 12_000 }]);
  expect(judge([told(0, 'impression', {}, true)])).toMatchObject([{ late: true, billable: false, spend: 0 }]);
});

test.each(['notUsed', 'error'])('an impression after %s is never billable, and one before it is', (ending) => {
  expect(judge([told(0, ending), told(1, 'impression')])[1]).toMatchObject({ first: true, billable: false, spend: 0 });
  expect(judge([told(0, 'impression'), told(1, ending)])[0]).toMatchObject({ billable: true, spend: 12_000 });
});

test.each([
  ['cpm', 'impression', 12_000],
  ['cpm', 'complete', 0],
  ['cpv', 'complete', 12_000],
  ['cpc', 'click', 12_000],
  ['cpc', 'impression', 0],
  ['flat', 'impression', 0],
])('%s pays for %s with %i micros', (pricing_model, event, spend) => {
  expect(judge([told(0, event, { pricing_model })])[0]?.spend).toBe(spend);
});

test('invalid traffic is never billable and is nobody’s first sight', () => {
  const verdicts = judge([told(0, 'impression', { invalid: 'bot' }), told(1, 'impression')]);
  expect(verdicts).toMatchObject([
    { first: true, billable: false, spend: 0 },
    { first: true, billable: true },
  ]);
});

test('progress is first once for each of its offsets', () => {
  const verdicts = judge([3, 9, 3].map((offset_seconds, at) => told(at, 'progress', { offset_seconds })));
  expect(verdicts.map(({ first }) => first)).toEqual([true, true, false]);
});

test('a decision at 03:30 UTC belongs to the day before in New York', () => {
  expect(zoneDay(Date.UTC(2026, 0, 6, 3, 30) / 60_000, 'America/New_York')).toBe('2026-01-05');
});
