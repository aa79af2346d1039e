import { expect, it } from 'vitest';
import { type AwayFacts, judgeAway } from './kafka-away.ts';
import type { AuditAnswer } from './verdict.ts';
import type { Asked } from './viewers.ts';

const audit: AuditAnswer = {
  audit: 'exact',
  requests_answered: 10,
  beacons_acked: 10,
  cap_violations: 0,
  overspend_micros: 0,
  caps_refused: 0,
  budgets_exhausted: 0,
  unbilled_because_late: 3,
  unbilled_while_shipped: 0,
  billable_impressions: 1,
  decided_apart: 0,
  faults: [],
};

/** One request a second, before and after Kafka is gone at 30 s, and back at 90. */
function facts(change: Partial<AwayFacts> = {}, ask: (at: number) => Partial<Asked> = () => ({})): AwayFacts {
  const asked = Array.from({ length: 110 }, (_, second): Asked => {
    const at = second * 1_000;
    return { at, tookMs: at >= 30_000 && at < 90_000 ? 20 : 10, status: 200, ads: 2, ...ask(at) };
  });
  const times = { beganAt: 0, awayFrom: 30_000, backAt: 90_000, drainedMs: 4_000 };
  return { ...times, asked, unrecovered: [], audit, seed: 1, ...change };
}

it('is content with decisions that take twice as long, and not with longer ones', () => {
  const { json, why } = judgeAway(facts());
  expect(why).toEqual([]);
  expect(json).toMatchObject({ ok: true, p95_ratio: 2, away: { requests: 60, p95_ms: 20, unanswered: 0 } });
  const slow = judgeAway(facts({}, (at) => (at >= 30_000 && at < 90_000 ? { tookMs: 20.2 } : {})));
  expect(slow.why).toEqual(['p95 with Kafka away is 2.02 times the one before, 2 at most']);
});

it('leaves out the first seconds, which are slow for other reasons', () => {
  expect(judgeAway(facts({}, (at) => (at < 9_000 ? { tookMs: 500 } : {}))).json).toMatchObject({ p95_ratio: 2 });
});

it.each([
  ['a request without an answer', facts({}, (at) => (at === 40_000 ? { status: null } : {})), '1 of 60 requests'],
  ['a 503', facts({}, (at) => (at === 40_000 ? { status: 503 } : {})), '1 of 60 requests'],
  ['empty pods', facts({}, (at) => (at >= 30_000 ? { ads: 0 } : {})), 'no decision held an ad'],
  ['an outage that was too short', facts({ awayFrom: 31_000 }), 'away for 59000 ms only'],
  ['what is not drained', facts({ drainedMs: null }), 'not drained'],
  ['a lost beacon', facts({ audit: { ...audit, faults: [{ name: 'beacon_lost', count: 1, ids: ['x'] }] } }), 'x'],
  ['no audit', facts({ audit: null }), 'could not be made'],
  ['what does not recover', facts({ unrecovered: ['api-1 is not ready'] }), 'api-1'],
])('fails for %s', (_, told, words) => {
  const { json, why } = judgeAway(told);
  expect(json).toMatchObject({ ok: false });
  expect(why.join('\n')).toContain(words);
});
