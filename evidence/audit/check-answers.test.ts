import { expect, test } from 'vitest';
import type { CallFact } from './calls.ts';
import { checkAnswers } from './check-answers.ts';
import type { Run } from './facts.ts';
import { names } from './fault.ts';
import { changed, sampleRun, withLog } from './sample-run.ts';

const faultsOf = (run: Run) => names(checkAnswers(run));
const replacing = (run: Run, seq: number, changes: Partial<CallFact>): Run => ({
  ...run,
  calls: run.calls.map((call) => (call.seq === seq ? { ...call, ...changes } : call)),
});

test('what viewers sent and what the log holds are the same sets', () => {
  expect(faultsOf(sampleRun())).toEqual([]);
});

test('an answered request that the log does not hold is lost', () => {
  const run = sampleRun();
  expect(faultsOf(withLog(run, { requests: run.log.requests.slice(1) }))).toEqual(['request_lost']);
});

test('an acknowledged beacon that the log does not hold is lost; one without an answer may be', () => {
  const run = sampleRun();
  const without = withLog(run, { beacons: run.log.beacons.slice(1) });
  expect(checkAnswers(without)).toEqual([expect.objectContaining({ name: 'beacon_lost', ids: ['cb-0'] })]);
  expect(faultsOf(replacing(without, 10, { status: null, error: 'ECONNRESET' }))).toEqual([]);
  expect(faultsOf(replacing(without, 10, { status: 503 }))).toEqual([]);
});

test('the log holds nothing that no viewer sent', () => {
  const run = sampleRun();
  expect(faultsOf({ ...run, calls: run.calls.filter(({ seq }) => seq !== 0) })).toEqual(['request_unsent']);
  expect(faultsOf({ ...run, calls: run.calls.filter(({ seq }) => seq !== 12) })).toEqual(['beacon_unsent']);
  expect(faultsOf(replacing(run, 12, { status: null, error: 'not sent' }))).toEqual(['beacon_unsent']);
});

test('a request that got no answer may be in the log, also if the API named it', () => {
  const run = sampleRun();
  expect(faultsOf(replacing(run, 0, { status: null, error: 'ECONNRESET', answer: null }))).toEqual([]);
  expect(faultsOf(replacing(run, 0, { status: null, error: 'ECONNRESET', answer: null, requestId: null }))).toEqual([]);
});

test('a pod in another order, or with another creative, is not the pod that the viewer was given', () => {
  const run = sampleRun();
  const swap = (
    change: (ads: Run['log']['requests'][number]['value']['ads']) => Run['log']['requests'][number]['value']['ads'],
  ) =>
    withLog(run, {
      requests: changed(run.log.requests, 0, (one) => ({
        ...one,
        value: { ...one.value, ads: change(one.value.ads) },
      })),
    });
  expect(faultsOf(swap((ads) => ads.toReversed()))).toEqual(['answer_differs']);
  expect(faultsOf(swap((ads) => changed(ads, 1, (ad) => ({ ...ad, creative: 'other' }))))).toEqual(['answer_differs']);
});

test('a retry that got other ads is named, and so is a request decided twice', () => {
  const run = sampleRun();
  const [first] = run.calls;
  const [record] = run.log.requests;
  if (!first?.answer || !record) throw new Error('the sample has a request');
  const retry = { ...first, seq: 30, answer: { ...first.answer, ads: first.answer.ads.slice(1) } };
  expect(faultsOf({ ...run, calls: [...run.calls, retry] })).toEqual(['answer_differs', 'retry_differs']);
  const again = { ...record, offset: 7 };
  expect(faultsOf(withLog(run, { requests: [...run.log.requests, again] }))).toEqual([]);
  const decided = { ...again, value: { ...record.value, arrival_id: 'another' } };
  expect(faultsOf(withLog(run, { requests: [...run.log.requests, decided] }))).toEqual(['decided_twice']);
});

test('a retry that was decided without the state store may differ, as long as both are in the log', () => {
  const run = sampleRun();
  const [first] = run.calls;
  const [record] = run.log.requests;
  if (!first?.answer || !record) throw new Error('the sample has a request');
  const retry = { ...first, seq: 30, answer: { ...first.answer, ads: first.answer.ads.slice(1) } };
  const decided = (reason: string, ads: readonly (typeof record.value.ads)[number][] = record.value.ads.slice(1)) => {
    const value = { ...record.value, arrival_id: 'another', ads, fallouts: [{ reason, campaigns: 3 }] };
    const torn = withLog(run, { requests: [...run.log.requests, { ...record, offset: 7, value }] });
    return faultsOf({ ...torn, calls: [...run.calls, retry] });
  };
  expect(decided('store_unavailable')).toEqual([]);
  expect(decided('store_catching_up')).toEqual([]);
  expect(decided('cap_reached')).toEqual(['answer_differs', 'decided_twice', 'retry_differs']);
  expect(decided('store_unavailable', [])).toEqual(['answer_differs']);
});

test('what was refused or forged leaves no trace', () => {
  const run = sampleRun();
  expect(faultsOf(replacing(run, 1, { status: 400, answer: null }))).toEqual(['trace_of_refused']);
  expect(faultsOf(replacing(run, 12, { intent: 'forged' }))).toEqual(['forged_accepted']);
});

test('a beacon logged for another ad or event than was reported is named', () => {
  const run = sampleRun();
  expect(faultsOf(replacing(run, 12, { event: 'complete' }))).toEqual(['beacon_differs']);
});
