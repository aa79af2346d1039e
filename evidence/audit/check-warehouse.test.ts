import { expect, test } from 'vitest';
import { checkRollups } from './check-rollups.ts';
import { checkWarehouse } from './check-warehouse.ts';
import type { Run } from './facts.ts';
import { names } from './fault.ts';
import { judge } from './judge.ts';
import { changed, sampleRun, withWarehouse } from './sample-run.ts';
import type { StoredBeacon } from './stored.ts';

const faultsOf = (run: Run) => names(checkWarehouse(run, judge(run.log.beacons)));
const withRow = (index: number, changes: Partial<StoredBeacon>) => {
  const run = sampleRun();
  return withWarehouse(run, { beacons: changed(run.warehouse.beacons, index, (row) => ({ ...row, ...changes })) });
};

test('a warehouse that follows the log has no fault', () => {
  expect(faultsOf(sampleRun())).toEqual([]);
});

test('rows that are missing or too many are named by position', () => {
  const run = sampleRun();
  const { requests, ads, beacons } = run.warehouse;
  const [row] = beacons;
  if (!row) throw new Error('the sample has beacons');
  expect(faultsOf(withWarehouse(run, { requests: requests.slice(1) }))).toEqual(['warehouse_request_missing']);
  expect(faultsOf(withWarehouse(run, { ads: ads.slice(1) }))).toEqual(['warehouse_ad_missing']);
  expect(faultsOf(withWarehouse(run, { beacons: beacons.slice(1) }))).toEqual(['warehouse_beacon_missing']);
  expect(faultsOf(withWarehouse(run, { beacons: [...beacons, { ...row, offset: 99 }] }))).toEqual(['beacon_doubled']);
  const stranger = { ...row, offset: 99, arrival_id: 'nobody' };
  expect(faultsOf(withWarehouse(run, { beacons: [...beacons, stranger] }))).toEqual(['warehouse_beacon_extra']);
});

test('values that are not those of the log are named', () => {
  expect(faultsOf(withRow(0, { price_micros: 12_001 }))).toEqual(['price_differs']);
  expect(faultsOf(withRow(0, { event: 'start' }))).toEqual(['warehouse_beacon_differs']);
  expect(faultsOf(withRow(0, { appendedAt: 1 }))).toEqual(['warehouse_beacon_differs']);
  expect(faultsOf(withRow(0, { spend_micros: 11_999 }))).toEqual(['spend_row_differs']);
});

test('each flag is recomputed: late or repeated beacons that are billable have names of their own', () => {
  expect(faultsOf(withRow(4, { billable: true }))).toEqual(['late_billed']);
  expect(faultsOf(withRow(1, { billable: true }))).toEqual(['repeat_billed']);
  expect(faultsOf(withRow(0, { billable: false }))).toEqual(['flag_wrong']);
  expect(faultsOf(withRow(0, { duplicate: true }))).toEqual(['flag_wrong']);
  expect(faultsOf(withRow(0, { late: true }))).toEqual(['flag_wrong']);
});

test('each measure of each roll-up is a recount, also of spans that the log does not have', () => {
  const run = sampleRun();
  const verdicts = judge(run.log.beacons);
  expect(checkRollups(run, verdicts)).toEqual([]);
  const grown = (index: number, measure: string) =>
    withWarehouse(run, {
      rollups: changed(run.warehouse.rollups, index, (row) => ({
        ...row,
        sums: { ...row.sums, [measure]: (row.sums[measure] ?? 0) + 1 },
      })),
    });
  expect(names(checkRollups(grown(0, 'impressions'), verdicts))).toEqual(['rollup_differs']);
  expect(names(checkRollups(grown(0, 'skips'), verdicts))).toEqual(['rollup_differs']);
  expect(names(checkRollups(grown(6, 'spend_micros'), verdicts))).toEqual(['spend_rollup_differs']);
  expect(names(checkRollups(grown(3, 'requests'), verdicts))).toEqual(['rollup_differs']);
  expect(names(checkRollups(withWarehouse(run, { rollups: run.warehouse.rollups.slice(1) }), verdicts))).toEqual([
    'rollup_differs',
    'spend_rollup_differs',
  ]);
});
