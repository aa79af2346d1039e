import { type Deeds, sum } from './deeds.ts';
import { servers } from './schedule.ts';
import { settings } from './settings.ts';

/** What the audit says; see evidence/audit/audit.ts. */
export interface AuditAnswer {
  readonly audit: string;
  readonly requests_answered: number;
  readonly beacons_acked: number;
  readonly cap_violations: number;
  readonly overspend_micros: number;
  readonly caps_refused: number;
  readonly budgets_exhausted: number;
  readonly unbilled_because_late: number;
  readonly unbilled_while_shipped: number;
  readonly billable_impressions: number;
  /** Retries that were decided anew because the state store could not be asked. */
  readonly decided_apart: number;
  readonly faults: readonly { readonly name: string; readonly count: number; readonly ids: readonly string[] }[];
}

/** All that is known when a run is over. */
export interface Outcome {
  readonly seed: number;
  readonly forMs: number;
  readonly deeds: Deeds;
  /** Generations of each group after its first. */
  readonly rebalances: Readonly<Record<string, number>>;
  /** Null: it did not get so far. */
  readonly audit: AuditAnswer | null;
  /** The simulator's own counts; empty where it did not end. */
  readonly viewers: Readonly<Record<string, unknown>>;
  /** What did not come back by itself, a line each. */
  readonly unrecovered: readonly string[];
}

/** Something that was there and is gone, by the audit's names. */
const losses: ReadonlySet<string> = new Set([
  'request_lost',
  'beacon_lost',
  'answer_unreadable',
  'record_missing',
  'signal_lost',
  'warehouse_request_missing',
  'warehouse_ad_missing',
  'warehouse_beacon_missing',
  'window_missing',
]);

/** Something that had its effect more than once, or had one without having happened. */
const doubles: ReadonlySet<string> = new Set([
  'decided_twice',
  'beacon_doubled',
  'repeat_billed',
  'window_phantom',
  'request_unsent',
  'beacon_unsent',
  'warehouse_request_extra',
  'warehouse_ad_extra',
  'warehouse_beacon_extra',
  'warehouse_signal_extra',
]);

interface Least {
  readonly kills: number;
  readonly worker_kills: number;
  readonly api_kills: number;
  readonly rebalances: number;
  readonly each_server: number;
  readonly acked: number;
  /** Impressions that could have passed a cap or a budget. */
  readonly billable: number;
  readonly pauses: number;
  readonly wipes: number;
  readonly roll_backs: number;
  readonly workers_away: number;
}

const none: Least = {
  kills: 1,
  worker_kills: 0,
  api_kills: 0,
  rebalances: 1,
  each_server: 0,
  acked: 1,
  billable: 0,
  pauses: 0,
  wipes: 0,
  roll_backs: 0,
  workers_away: 0,
};
const once = { rebalances: 3, acked: 20_000, pauses: 1, wipes: 1, roll_backs: 1, workers_away: 1 };

/** What a run of this length must have gone through for its zeros to say anything. */
export function leastOf(forMs: number): Least {
  if (forMs >= 600_000) return { ...once, kills: 25, worker_kills: 20, api_kills: 5, each_server: 3, billable: 5_000 };
  if (forMs >= 120_000) return { ...once, kills: 10, worker_kills: 1, api_kills: 1, each_server: 1, billable: 1_000 };
  return none;
}

export interface Verdict {
  /** The last line of `--json`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Why the run has failed; empty: it has not. */
  readonly why: readonly string[];
}

/** The zeros that must be zeros, beside what they went through. */
export function judge(outcome: Outcome): Verdict {
  const { deeds, audit, unrecovered } = outcome;
  const faults = audit?.faults ?? [];
  const counted = (names: ReadonlySet<string>) =>
    faults.filter(({ name }) => names.has(name)).reduce((total, { count }) => total + count, 0);
  const zeros = {
    lost: counted(losses),
    doubled: counted(doubles),
    cap_violations: audit?.cap_violations ?? 0,
    overspend_micros: audit?.overspend_micros ?? 0,
    unrecovered: unrecovered.length,
  };
  const restarts = servers.map((name) => deeds.serverRestarts[name].killed + deeds.serverRestarts[name].stopped);
  const gone: Record<keyof Least, number> = {
    kills: sum(deeds.kills),
    worker_kills: deeds.kills.workers,
    api_kills: deeds.kills['decision-api'],
    rebalances: sum(outcome.rebalances),
    each_server: Math.min(...restarts),
    acked: (audit?.requests_answered ?? 0) + (audit?.beacons_acked ?? 0),
    billable: audit?.billable_impressions ?? 0,
    pauses: sum(deeds.pauses),
    wipes: deeds.wipes,
    roll_backs: deeds.rollBacks,
    workers_away: deeds.workersAway,
  };
  const least = leastOf(outcome.forMs);
  const few = (Object.keys(gone) as (keyof Least)[]).filter((name) => gone[name] < least[name]);
  const serverErrors = Number(outcome.viewers.server_errors ?? 0);
  const why = [
    ...(audit === null ? ['the audit could not be made'] : []),
    ...Object.entries(zeros).flatMap(([name, value]) => (value === 0 ? [] : [`${name} is ${value}, not 0`])),
    ...faults.map(({ name, count, ids }) => `the audit found ${name} (${count}): ${ids.join(', ')}`),
    ...(audit !== null && audit.audit !== 'exact' && faults.length === 0 ? [`the audit says ${audit.audit}`] : []),
    ...unrecovered.map((line) => `not recovered: ${line}`),
    ...(serverErrors > 0 ? [`viewers got ${serverErrors} answers with a 5xx other than a beacon's 503`] : []),
    ...few.map((name) => `${name}: ${gone[name]}, and at least ${least[name]} must be shown`),
  ];
  return {
    json: {
      kills: gone.kills,
      rebalances: gone.rebalances,
      server_restarts: restarts.reduce((total, count) => total + count, 0),
      pauses: gone.pauses,
      acked: gone.acked,
      unbilled_because_late: audit?.unbilled_because_late ?? null,
      ...zeros,
      ok: why.length === 0,
      audit: audit?.audit ?? 'none',
      audit_faults: faults.map(({ name, count }) => `${name} ${count}`),
      unbilled_while_shipped: audit?.unbilled_while_shipped ?? null,
      billable_impressions: gone.billable,
      caps_refused: audit?.caps_refused ?? 0,
      budgets_exhausted: audit?.budgets_exhausted ?? 0,
      decided_apart: audit?.decided_apart ?? 0,
      server_errors: serverErrors,
      retries: Number(outcome.viewers.retries ?? 0),
      gave_up: Number(outcome.viewers.gave_up ?? 0),
      ...told(outcome),
      seed: outcome.seed,
      for_ms: outcome.forMs,
      settings,
    },
    why,
  };
}

/** What was done, by kind. */
function told({ deeds, rebalances }: Outcome): Record<string, unknown> {
  return {
    kills_by_role: deeds.kills,
    pauses_by_role: deeds.pauses,
    restarts_by_role: deeds.restarts,
    server_restarts_by_server: deeds.serverRestarts,
    rebalances_by_group: rebalances,
    wipes: deeds.wipes,
    wipes_without_kafka: deeds.wipesWithoutKafka,
    roll_backs: deeds.rollBacks,
    cuts: deeds.cuts,
    connections_cut: deeds.connectionsCut,
    delays: deeds.delays,
    stalls: deeds.stalls,
    scaled: deeds.scaled,
    workers_away: deeds.workersAway,
    missed: deeds.missed,
  };
}
