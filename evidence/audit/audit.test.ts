import { expect, test } from 'vitest';
import { type AuditOptions, audit } from './audit.ts';
import { names } from './fault.ts';
import { report } from './report.ts';
import { sampleRun } from './sample-run.ts';

const strict: AuditOptions = { allowNo: [], deadLettersExpected: 0 };

test('a run without a flaw is exact, with every figure recounted', () => {
  const verdicts = audit(sampleRun(), strict);
  expect(verdicts.faults).toEqual([]);
  expect(verdicts).toMatchObject({
    audit: 'exact',
    requests_answered: 2,
    requests_in_log: 2,
    pods: 2,
    ads: 3,
    fill_rate: 0.75,
    beacons_acked: 5,
    beacons_in_log: 5,
    rows_in_warehouse: 7,
    duplicates: 1,
    late: 1,
    unbilled_because_late: 0,
    unbilled_while_shipped: 0,
    billable_impressions: 2,
    spend_micros_log: 62_000,
    spend_micros_warehouse: 62_000,
    spend_micros_pacing: 62_000,
    overspend_micros: 0,
    caps_refused: 1,
    budgets_exhausted: 1,
    conflicts_rejected: 1,
    duplicates_sent: 1,
    late_sent: 1,
    decided_apart: 0,
  });
});

test('a paid event that was late without intent is told as unbilled', () => {
  const run = sampleRun();
  const paid = run.log.beacons.find(({ value }) => value.event === 'impression' && value.pricing_model === 'cpm');
  const late = run.log.beacons.map((one) => (one === paid ? { ...one, appendedAt: one.value.expires_at + 1 } : one));
  const told = (calls: typeof run.calls) =>
    audit({ ...run, calls, log: { ...run.log, beacons: late } }, strict).unbilled_because_late;
  expect(told(run.calls)).toBe(1);
  const onPurpose = run.calls.map((call) => (call.cb === paid?.value.cachebuster ? { ...call, intent: 'late' } : call));
  expect(told(onPurpose)).toBe(0);
});

test('an opportunity of 0 fails, unless the run is allowed to be that short', () => {
  const run = sampleRun();
  const calls = run.calls.map((call) => (call.intent === 'late' ? { ...call, intent: 'normal' } : call));
  expect(audit({ ...run, calls }, strict).faults).toEqual([
    expect.objectContaining({ name: 'no_opportunity', ids: ['late_sent'] }),
  ]);
  expect(audit({ ...run, calls }, { ...strict, allowNo: ['late_sent'] }).audit).toBe('exact');
});

test('the report names every fault with its ids and ends with the verdict', () => {
  const run = sampleRun();
  const broken = audit({ ...run, calls: run.calls.filter(({ cb }) => cb !== 'cb-0') }, strict);
  expect(names(broken.faults)).toEqual(['beacon_unsent']);
  expect(report(broken)).toMatch(/FAULT beacon_unsent \(1\).*\n\s+cb-0\nAudit: BROKEN, 1 faults$/);
  expect(report(audit(run, strict))).toMatch(/Audit: exact$/);
});
