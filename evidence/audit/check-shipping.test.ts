import { expect, test } from 'vitest';
import { type AuditOptions, audit } from './audit.ts';
import { checkShipping } from './check-shipping.ts';
import { names } from './fault.ts';
import { sampleRun, storedBeacons, withLog } from './sample-run.ts';

const strict: AuditOptions = { allowNo: [], deadLettersExpected: 0 };

/** The sample with its first beacon appended once more, as a journal that was killed would; and a warehouse that follows. */
function shippedTwice(change: object = {}) {
  const run = sampleRun();
  const [first] = run.log.beacons;
  if (first === undefined) throw new Error('the sample has beacons');
  const end = run.log.partitions.find(({ topic }) => topic === 'ad-beacons');
  const offset = end?.next ?? 0;
  const again = { ...first, offset, appendedAt: end?.times.at(-1) ?? 0, value: { ...first.value, ...change } };
  const beacons = [...run.log.beacons, again];
  const partitions = run.log.partitions.map((fact) =>
    fact !== end
      ? fact
      : {
          ...fact,
          next: offset + 1,
          offsets: [...fact.offsets, offset],
          times: [...fact.times, again.appendedAt],
          lastRecord: offset,
        },
  );
  const heads = run.state.heads.map((head) => ({ ...head, position: offset + 1 }));
  const grown = { ...withLog(run, { beacons, partitions }), state: { ...run.state, heads } };
  return { ...grown, warehouse: { ...run.warehouse, beacons: storedBeacons(beacons) } };
}

test('an arrival that is appended twice is lawful, is counted apart from repetitions, and has its effect once', () => {
  const run = shippedTwice();
  const before = audit(sampleRun(), strict);
  const verdicts = audit(run, strict);
  expect(verdicts.shipped_again).toBe(1);
  expect(verdicts.duplicates).toBe(before.duplicates);
  expect(verdicts.beacons_in_log).toBe(before.beacons_in_log);
  expect([verdicts.spend_micros_log, verdicts.billable_impressions]).toEqual([
    before.spend_micros_log,
    before.billable_impressions,
  ]);
  // The sample's roll-ups do not know of the row, which is one that has no effect.
  expect(names(verdicts.faults)).toEqual(['rollup_differs']);
});

test('an arrival with two contents, or in two partitions, is a fault', () => {
  expect(names(checkShipping(shippedTwice({ price_micros: 1 }).log).faults)).toEqual(['shipped_differs']);
  const { log } = shippedTwice();
  const moved = log.beacons.map((record, at) => (at === log.beacons.length - 1 ? { ...record, partition: 9 } : record));
  expect(names(checkShipping({ ...log, beacons: moved }).faults)).toEqual(['shipped_differs']);
});

test('a key without an expiry is a fault, whatever it holds', () => {
  const run = sampleRun();
  const keys = { count: 9, endless: ['x:forgotten'] };
  const verdicts = audit({ ...run, state: { ...run.state, keys } }, strict);
  expect(names(verdicts.faults)).toEqual(['key_without_expiry']);
  expect([verdicts.state_keys, verdicts.state_keys_without_expiry]).toEqual([9, 1]);
});
