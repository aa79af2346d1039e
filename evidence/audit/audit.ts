import { decidedApart } from './apart.ts';
import type { CallFact } from './calls.ts';
import { checkAnswers, isAnswered } from './check-answers.ts';
import { checkCaps, checkWindows } from './check-caps.ts';
import { checkDialects, countDialects, type DialectCounts } from './check-dialects.ts';
import { checkEligibility } from './check-eligibility.ts';
import { checkHeads, checkLog } from './check-log.ts';
import { checkMoney } from './check-money.ts';
import { checkPods } from './check-pods.ts';
import { checkPrices } from './check-prices.ts';
import { checkRollups } from './check-rollups.ts';
import { checkRotation } from './check-rotation.ts';
import { checkShipping } from './check-shipping.ts';
import { checkSignals } from './check-signals.ts';
import { checkStreams } from './check-streams.ts';
import { checkValues } from './check-values.ts';
import { checkWarehouse } from './check-warehouse.ts';
import type { RequestFact, Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, isUnbilledBecauseLate, judge, place, total, type Verdict } from './judge.ts';

export interface AuditOptions {
  /** Opportunities that this run is too short to offer. */
  readonly allowNo: readonly string[];
  readonly deadLettersExpected: number;
}

export interface Verdicts {
  readonly requests_answered: number;
  readonly requests_in_log: number;
  readonly pods: number;
  readonly ads: number;
  /** Reserved beside pods, and of them those that were shown in place of an ad and billable. */
  readonly backups: number;
  readonly backups_shown: number;
  readonly fill_rate: number;
  readonly beacons_acked: number;
  readonly beacons_in_log: number;
  readonly rows_in_warehouse: number;
  /** What players repeated; what a journal shipped once more is counted apart. */
  readonly duplicates: number;
  readonly shipped_again: number;
  readonly late: number;
  /** Paid events that nobody sent late on purpose, and that were appended after their expiry all the same. */
  readonly unbilled_because_late: number;
  /** Of those, the ones that reached a decision API in time and then waited in its journal. */
  readonly unbilled_while_shipped: number;
  readonly billable_impressions: number;
  readonly spend_micros_log: number;
  readonly spend_micros_warehouse: number;
  readonly spend_micros_pacing: number;
  readonly overspend_micros: number;
  readonly cap_violations: number;
  readonly separation_violations: number;
  /** Competitors in different pods of one stream: served far enough apart, and kept out. */
  readonly stream_pairs: number;
  readonly stream_refusals: number;
  readonly caps_refused: number;
  readonly budgets_exhausted: number;
  readonly conflicts_rejected: number;
  readonly duplicates_sent: number;
  readonly late_sent: number;
  readonly state_keys: number;
  readonly state_keys_without_expiry: number;
  /** Requests decided more than once because the state store could not be asked; see apart.ts. */
  readonly decided_apart: number;
  /** Draws among a campaign's creatives that were made again. */
  readonly rotations: number;
  /** Worths that were computed again, and of them those of prices that depend on a rate. */
  readonly values: number;
  readonly values_by_rate: number;
  readonly signals: number;
  readonly dead_letters: number;
  /** By the log: requests, ads with their backups, and beacons in all, of each dialect. */
  readonly dialects: DialectCounts;
  readonly faults: readonly Fault[];
  readonly audit: 'exact' | 'broken';
}

/** The whole audit over plain data. `exact` means: no fault, and every zero had its opportunities. */
export function audit(run: Run, options: AuditOptions): Verdicts {
  const verdicts = judge(run.log.beacons);
  const money = checkMoney(run, verdicts);
  const caps = checkCaps(run, verdicts);
  const pods = checkPods(run);
  const shipping = checkShipping(run.log);
  const { keys } = run.state;
  const streams = checkStreams(run, verdicts);
  const rotation = checkRotation(run);
  const values = checkValues(run);
  const requests = [...firstRequests(run.log.requests).values()].map(({ value }) => value);
  const chances = { ...refusals(requests), conflicts_rejected: pods.opportunities, ...sent(run.calls) };
  const faults = [
    ...checkAnswers(run),
    ...checkLog(run.log, options),
    ...shipping.faults,
    ...checkHeads(run),
    ...checkWarehouse(run, verdicts),
    ...checkPrices(run),
    ...checkDialects(run),
    ...money.faults,
    ...checkRollups(run, verdicts),
    ...caps.faults,
    ...checkWindows(run, verdicts),
    ...pods.faults,
    ...streams.faults,
    ...checkSignals(run),
    ...rotation.faults,
    ...values.faults,
    ...checkEligibility(run),
    ...fault('key_without_expiry', 'a key of the state store that would stay for ever', keys.endless),
    ...(keys.count > 0 ? [] : fault('no_opportunity', 'a zero beside it would prove nothing', ['state_keys'])),
    ...Object.entries(chances).flatMap(([name, count]) =>
      count > 0 || options.allowNo.includes(name)
        ? []
        : fault('no_opportunity', 'a zero beside it would prove nothing', [name]),
    ),
  ];
  return {
    ...volumes(run, requests, verdicts, shipping.again),
    spend_micros_log: money.spend_micros_log,
    spend_micros_warehouse: money.spend_micros_warehouse,
    spend_micros_pacing: money.spend_micros_pacing,
    overspend_micros: money.overspend_micros,
    cap_violations: caps.violations,
    separation_violations: pods.violations + streams.violations,
    stream_pairs: streams.pairs,
    stream_refusals: streams.refused,
    ...chances,
    state_keys: keys.count,
    state_keys_without_expiry: keys.endless.length,
    decided_apart: decidedApart(run.log.requests).size,
    rotations: rotation.drawn,
    values: values.checked,
    values_by_rate: values.byRate,
    signals: run.log.signals.length,
    dead_letters: run.log.deadLetters.length,
    dialects: countDialects(run),
    faults,
    audit: faults.length === 0 ? 'exact' : 'broken',
  };
}

/** Where caps and budgets had something to refuse, by what the decisions wrote down. */
function refusals(requests: readonly RequestFact[]): { caps_refused: number; budgets_exhausted: number } {
  let caps = 0;
  let unnamed = 0;
  const exhausted = new Set<string>();
  for (const { candidates, fallouts } of requests) {
    for (const { campaign, outcome } of candidates) {
      if (outcome.startsWith('cap')) caps++;
      if (isBudget(outcome)) exhausted.add(campaign);
    }
    for (const { reason, campaigns } of fallouts) {
      if (reason.startsWith('cap')) caps += campaigns;
      // A fallout only says how many campaigns: at once so many, at least, have run out.
      if (isBudget(reason)) unnamed = Math.max(unnamed, campaigns);
    }
  }
  return { caps_refused: caps, budgets_exhausted: Math.max(exhausted.size, unnamed) };
}

function isBudget(reason: string): boolean {
  return reason.startsWith('budget') || reason.startsWith('daily_budget');
}

function sent(calls: readonly CallFact[]): { duplicates_sent: number; late_sent: number } {
  const answered = calls.filter((call) => call.kind === 'beacon' && isAnswered(call));
  return {
    duplicates_sent: answered.filter((call) => call.intent === 'duplicate').length,
    late_sent: answered.filter((call) => call.intent === 'late').length,
  };
}

function volumes(run: Run, requests: readonly RequestFact[], verdicts: readonly Verdict[], again: ReadonlySet<string>) {
  const answered = new Set(
    run.calls.flatMap((call) =>
      call.kind === 'ad-request' && isAnswered(call) && call.answer ? [call.answer.request_id] : [],
    ),
  );
  const served = requests.filter(({ request_id }) => answered.has(request_id));
  const paid = served.flatMap(({ ads }) => ads).filter(({ campaign }) => run.seed.get(campaign)?.tier !== 'house');
  const asked = total(served.map(({ requested_seconds }) => requested_seconds));
  const acked = new Set(
    run.calls.flatMap((call) =>
      call.kind === 'beacon' &&
      call.intent !== 'forged' &&
      call.intent !== 'malformed' &&
      isAnswered(call) &&
      call.cb !== null
        ? [call.cb]
        : [],
    ),
  );
  const lateOnPurpose = new Set(run.calls.flatMap((call) => (call.intent === 'late' ? [call.cb] : [])));
  const unbilled = verdicts.filter(
    (verdict) => isUnbilledBecauseLate(verdict) && !lateOnPurpose.has(verdict.beacon.value.cachebuster),
  );
  const inTime = unbilled.filter(({ beacon: { value } }) => value.received_at <= value.expires_at);
  return {
    requests_answered: answered.size,
    requests_in_log: requests.length,
    pods: requests.filter(({ ads }) => ads.length > 0).length,
    ads: total(requests.map(({ ads }) => ads.length)),
    backups: total(requests.map(({ backups = [] }) => backups.length)),
    backups_shown: verdicts.filter(
      ({ beacon, billable }) => billable && beacon.value.event === 'impression' && beacon.value.position === 0,
    ).length,
    fill_rate:
      asked === 0 ? 0 : Number((total(paid.map(({ duration_seconds }) => duration_seconds)) / asked).toFixed(4)),
    beacons_acked: acked.size,
    beacons_in_log: verdicts.filter(({ beacon }) => !again.has(place(beacon))).length,
    rows_in_warehouse: run.warehouse.requests.length + run.warehouse.beacons.length,
    duplicates: verdicts.filter(({ first, beacon }) => !first && !again.has(place(beacon))).length,
    shipped_again: again.size,
    late: verdicts.filter(({ late, beacon }) => late && !again.has(place(beacon))).length,
    unbilled_because_late: unbilled.length,
    unbilled_while_shipped: inTime.length,
    billable_impressions: verdicts.filter(({ beacon, billable }) => billable && beacon.value.event === 'impression')
      .length,
  };
}
