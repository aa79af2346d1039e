import { expect, test } from 'vitest';
import { checkHeads, checkLog } from './check-log.ts';
import type { PartitionFact } from './facts.ts';
import { names } from './fault.ts';
import { changed, sampleRun, withLog, withState } from './sample-run.ts';

const none = { deadLettersExpected: 0 };
const faultsOf = (topic: string, change: (fact: PartitionFact) => PartitionFact) => {
  const { log } = sampleRun();
  return names(
    checkLog({ ...log, partitions: log.partitions.map((fact) => (fact.topic === topic ? change(fact) : fact)) }, none),
  );
};

test('a whole log has no fault', () => {
  expect(checkLog(sampleRun().log, none)).toEqual([]);
});

test('a record missing in the middle, at the end or at the beginning is named', () => {
  const without = (at: number) => (fact: PartitionFact) => ({
    ...fact,
    offsets: fact.offsets.toSpliced(at, 1),
    times: fact.times.toSpliced(at, 1),
  });
  for (const at of [0, 2, 4]) expect(faultsOf('ad-beacons', without(at))).toEqual(['record_missing']);
  expect(faultsOf('campaign-signals', without(0))).toEqual(['signal_lost']);
});

test('a record beyond the end is named', () => {
  expect(faultsOf('ad-beacons', (fact) => ({ ...fact, next: 4 }))).toEqual(['record_missing']);
});

test('append times may stand still and never fall', () => {
  expect(faultsOf('ad-beacons', (fact) => ({ ...fact, times: fact.times.map(() => 5) }))).toEqual([]);
  expect(faultsOf('ad-beacons', (fact) => ({ ...fact, times: [5, 5, 4, 5, 5] }))).toEqual(['append_time_falls']);
});

test('undecodable bytes need a dead letter, and dead letters need to be expected', () => {
  const at = { topic: 'ad-beacons', partition: 0, offset: 1 };
  const { log } = withLog(sampleRun(), { undecodable: [at] });
  expect(names(checkLog(log, none))).toEqual(['undecodable']);
  const lettered = { ...log, deadLetters: [{ ...at, reason: 'undecodable' }] };
  expect(names(checkLog(lettered, none))).toEqual(['dead_letters']);
  expect(checkLog(lettered, { deadLettersExpected: 1 })).toEqual([]);
});

test('a head stands behind the last record that is no tick, and not beyond the end', () => {
  const run = sampleRun();
  const at = (position: number) =>
    names(checkHeads(withState(run, { heads: changed(run.state.heads, 0, (head) => ({ ...head, position })) })));
  expect(at(5)).toEqual([]);
  expect(at(4)).toEqual(['head_behind']);
  expect(at(6)).toEqual(['head_beyond_end']);
});
