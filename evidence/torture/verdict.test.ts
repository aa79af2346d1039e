import { expect, it } from 'vitest';
import { Deeds } from './deeds.ts';
import { servers } from './schedule.ts';
import { type AuditAnswer, judge, type Outcome } from './verdict.ts';

const exact: AuditAnswer = {
  audit: 'exact',
  requests_answered: 3_000,
  beacons_acked: 17_000,
  cap_violations: 0,
  overspend_micros: 0,
  caps_refused: 12,
  budgets_exhausted: 2,
  unbilled_because_late: 7,
  unbilled_while_shipped: 0,
  billable_impressions: 1_000,
  decided_apart: 0,
  faults: [],
};

/** A run that has gone through just enough. */
function run(change: Partial<Omit<Outcome, 'deeds'>> = {}, less: (deeds: Deeds) => void = () => undefined): Outcome {
  const deeds = new Deeds();
  deeds.kills.workers = 7;
  deeds.kills['decision-api'] = 3;
  for (const name of servers) deeds.serverRestarts[name].killed = 1;
  deeds.pauses.workers = 1;
  deeds.wipes = 1;
  deeds.rollBacks = 1;
  deeds.workersAway = 1;
  less(deeds);
  return {
    seed: 5,
    forMs: 120_000,
    deeds,
    rebalances: { frequency: 2, pacing: 1 },
    audit: exact,
    viewers: { server_errors: 0, retries: 4, gave_up: 0 },
    unrecovered: [],
    ...change,
  };
}

const withFault = (name: string, more: Partial<AuditAnswer> = {}): AuditAnswer => ({
  ...exact,
  audit: 'broken',
  faults: [{ name, count: 2, ids: ['one', 'two'] }],
  ...more,
});

it('is content with a run that lost nothing and has gone through enough', () => {
  const { json, why } = judge(run());
  expect(why).toEqual([]);
  expect(json).toMatchObject({ ok: true, kills: 10, rebalances: 3, server_restarts: 4, acked: 20_000 });
  expect(json).toMatchObject({ lost: 0, doubled: 0, cap_violations: 0, overspend_micros: 0, unrecovered: 0 });
  expect(json).toMatchObject({
    unbilled_because_late: 7,
    settings: { session_timeout_ms: 6_000, token_life_ms: 5_000 },
  });
});

it.each([
  ['a lost beacon', { audit: withFault('beacon_lost') }, { lost: 2 }, 'beacon_lost (2): one, two'],
  ['a row that the warehouse lacks', { audit: withFault('warehouse_beacon_missing') }, { lost: 2 }, 'lost is 2'],
  ['a decision in the log twice', { audit: withFault('decided_twice') }, { doubled: 2 }, 'doubled is 2'],
  ['a beacon billed twice', { audit: withFault('repeat_billed') }, { doubled: 2 }, 'repeat_billed'],
  ['a cap that was passed', { audit: withFault('cap_exceeded', { cap_violations: 1 }) }, { cap_violations: 1 }, 'cap'],
  ['overspend', { audit: withFault('budget_overspent', { overspend_micros: 9 }) }, { overspend_micros: 9 }, 'micros'],
  ['a fault of another kind', { audit: withFault('spend_pacing_differs') }, { lost: 0 }, 'spend_pacing_differs'],
  ['an audit that is broken without a word', { audit: { ...exact, audit: 'broken' } }, {}, 'says broken'],
  ['no audit', { audit: null }, { unbilled_because_late: null }, 'could not be made'],
  ['what did not come back', { unrecovered: ['worker-2 is not ready'] }, { unrecovered: 1 }, 'worker-2 is not ready'],
  ['a 5xx for a viewer', { viewers: { server_errors: 1 } }, { server_errors: 1 }, '1 answers with a 5xx'],
  ['too few rebalances', { rebalances: { frequency: 2 } }, { rebalances: 2 }, 'rebalances: 2'],
  ['too little that was billed', { audit: { ...exact, billable_impressions: 999 } }, {}, 'billable: 999'],
  ['too little that was acknowledged', { audit: { ...exact, beacons_acked: 16_999 } }, {}, 'acked: 19999'],
] satisfies [string, Partial<Outcome>, object, string][])('fails for %s', (_, change, told, words) => {
  const { json, why } = judge(run(change));
  expect(json).toMatchObject({ ok: false, ...told });
  expect(why.join('\n')).toContain(words);
});

it('fails when it has not struck often enough, each in its own right', () => {
  const few = judge(run({}, (deeds) => deeds.kills.workers--));
  expect(few.why).toEqual(['kills: 9, and at least 10 must be shown']);
  const oneServer = judge(run({}, (deeds) => (deeds.serverRestarts.chdb.killed = 0)));
  expect(oneServer.why).toEqual(['each_server: 0, and at least 1 must be shown']);
});

it('asks more of ten minutes than of two', () => {
  const { why } = judge(run({ forMs: 600_000 }));
  expect(why).toEqual([
    'kills: 10, and at least 25 must be shown',
    'worker_kills: 7, and at least 20 must be shown',
    'api_kills: 3, and at least 5 must be shown',
    'each_server: 1, and at least 3 must be shown',
    'billable: 1000, and at least 5000 must be shown',
  ]);
});
