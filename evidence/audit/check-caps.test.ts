import { expect, test } from 'vitest';
import { checkCaps, checkWindows, mostInSpan } from './check-caps.ts';
import type { BeaconFact, Run } from './facts.ts';
import { names } from './fault.ts';
import { judge } from './judge.ts';
import { changed, sampleRun, withLog, withState } from './sample-run.ts';

const capsOf = (run: Run) => checkCaps(run, judge(run.log.beacons));
const windowsOf = (run: Run) => names(checkWindows(run, judge(run.log.beacons)));
const withBeacon = (index: number, changes: Partial<BeaconFact>) => {
  const run = sampleRun();
  return withLog(run, {
    beacons: changed(run.log.beacons, index, (one) => ({ ...one, value: { ...one.value, ...changes } })),
  });
};

test.each([
  ['nothing', [], 0],
  ['one after the other, a window apart', [0, 1000, 2000], 1],
  ['a millisecond less than a window apart', [0, 999], 2],
  ['in any order', [1500, 0, 1000, 1499], 3],
])('the most in a rolling span: %s', (_, times, most) => {
  expect(mostInSpan(times, 1000)).toBe(most);
});

test('a second billable impression of one identity inside the window breaks a cap of one', () => {
  expect(capsOf(sampleRun())).toEqual({ faults: [], violations: 0 });
  const broken = capsOf(withBeacon(1, { reservation: '40000000-0000-4000-8000-000000990001' }));
  expect(names(broken.faults)).toEqual(['cap_exceeded']);
  expect(broken.violations).toBe(1);
});

test('a capped campaign billed without the identity that its cap counts is named', () => {
  expect(names(capsOf(withBeacon(0, { identities: [{ scope: 'device', hash: 'x' }] })).faults)).toEqual([
    'cap_identity_missing',
  ]);
});

test('one person has one pseudonym, and one pseudonym is one person', () => {
  const run = sampleRun();
  const call = (userId: string) => ({
    ...run,
    calls: run.calls.map((one) => (one.seq === 1 ? { ...one, userId } : one)),
  });
  expect(names(capsOf(call('somebody else')).faults)).toEqual(['identity_confused']);
  const requests = changed(run.log.requests, 1, (one) => ({
    ...one,
    value: { ...one.value, identities: [{ scope: 'user', hash: 'another' }] },
  }));
  expect(names(capsOf(withLog(run, { requests })).faults)).toEqual(['identity_confused']);
});

test('the windows of the state store hold every billed view that still counts, once, and nothing else', () => {
  const run = sampleRun();
  const [record] = run.state.frequency;
  const [entry] = record?.entries ?? [];
  if (!record || !entry) throw new Error('the sample has a window');
  const holding = (...entries: (typeof entry)[]) => windowsOf(withState(run, { frequency: [{ ...record, entries }] }));
  expect(holding(entry)).toEqual([]);
  expect(holding()).toEqual(['window_missing']);
  expect(holding({ ...entry, state: 'OUTSTANDING' })).toEqual(['window_missing']);
  expect(holding({ ...entry, at: 1 })).toEqual(['window_phantom']);
  expect(holding(entry, entry)).toEqual(['window_phantom']);
  expect(holding(entry, { ...entry, reservation: 'never billed' })).toEqual(['window_phantom']);
});

test('a view older than its window need not be kept', () => {
  const run = sampleRun();
  const later = run.log.partitions.map((fact) => ({
    ...fact,
    times: [...fact.times, (fact.times.at(-1) ?? 0) + 3_600_000],
  }));
  expect(windowsOf(withState(withLog(run, { partitions: later }), { frequency: [] }))).toEqual([]);
});
