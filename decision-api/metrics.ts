import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { engineErrorCodes } from '../engines/errors.ts';
import { beaconEvents, breakEvents } from './beacons/tokens.ts';

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
const effectSeconds = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];

/** The instruments of one instance in a registry of its own. Labels are literal unions or known names, never a caller's text. */
export function createMetrics() {
  const metrics = instruments();
  beginWatched(metrics);
  return metrics;
}

function instruments() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `breakwater_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `breakwater_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[] = []) =>
    new Histogram<L>({ name: `breakwater_${name}`, help, labelNames, buckets, registers });
  return {
    registry,
    requests: counter('requests_total', 'Ad requests by what became of them', ['outcome']),
    decisionSeconds: histogram('decision_seconds', 'From receipt to answer', seconds),
    stepSeconds: histogram('decision_step_seconds', 'Time in one step of a decision', seconds, ['step']),
    beacons: counter('beacons_total', 'Beacons by event and what became of them', ['event', 'outcome']),
    conversions: counter('conversions_total', 'Conversions by where from and what became of them', [
      'source',
      'outcome',
    ]),
    callers: counter('callers_total', 'Ad requests by who called', ['caller']),
    invalidTraffic: counter('invalid_traffic_total', 'Requests, beacons and conversions that are kept and not billed', [
      'what',
      'reason',
    ]),
    beaconFieldsIgnored: counter('beacon_fields_ignored_total', 'Impossible values in beacons', ['field']),
    unknownFields: counter('unknown_fields_total', 'Fields of ad requests that nobody reads'),
    badRequests: counter('bad_requests_total', 'Requests refused, by what was wrong', ['problem']),
    undecodable: counter('undecodable_total', 'Records of a topic that could not be read', ['topic']),
    signalsApplied: counter('signals_applied_total', 'Campaign signals newer than the one held'),
    eventToEffect: histogram('event_to_effect_seconds', 'From a beacon received to its effect', effectSeconds, [
      'effect',
    ]),
    capsRefused: counter('caps_refused_total', 'Campaigns kept from a pod by a frequency cap'),
    budgetsRefused: counter('budgets_refused_total', 'Campaigns kept from a pod by money or goal', ['reason']),
    fallouts: counter('fallouts_total', 'Campaigns that fell out of a decision, by reason', ['reason']),
    conflicts: counter('swap_conflicts_total', 'Swaps that somebody else came before', ['what']),
    engineFailures: counter('engine_failures_total', 'Calls of an engine that failed', ['engine', 'code']),
    heldMicros: gauge('held_micros', 'Money in hand, taken and not yet spent'),
    storeCatchingUp: gauge('store_catching_up', '1 while capped and budgeted campaigns wait for a store that forgot'),
    breakerOpen: gauge('breaker_open', '1 while an engine does not answer and is not waited for', ['engine']),
    journalRecords: gauge('journal_records', 'Records that wait in the journal to be shipped'),
    journalBytes: gauge('journal_bytes', 'Bytes of those records'),
    journalOldest: gauge('journal_oldest_seconds', 'Age of the oldest of those records'),
    journalFull: gauge('journal_full', '1 while beacons are refused and campaigns with budgets wait'),
    journalDeadLetters: gauge('journal_dead_letters', 'Records that the log refused for good, in all journals here'),
    journalShipped: counter('journal_shipped_total', 'Records shipped from the journal to the log', ['topic']),
    journalAdopted: counter('journal_adopted_records_total', 'Records shipped from adopted journals', ['topic']),
    journalsAdopted: counter('journals_adopted_total', 'Journals of others that were shipped and removed'),
    recordsCut: counter('records_cut_total', 'Records that were too large and left something out', ['topic']),
    logRefusals: counter('log_refusals_total', 'Pods given up because they could not be written to the log'),
  };
}

/**
 * The series that alerts watch are there from the beginning: one that is born with its first event has not increased since, so
 * `rate` and `increase` would not see that event.
 */
function beginWatched({ requests, beacons, undecodable, engineFailures }: Metrics): void {
  for (const outcome of requestOutcomes) requests.inc({ outcome }, 0);
  for (const event of beaconEvents)
    for (const outcome of ['forged', 'garbled', 'log_unavailable']) beacons.inc({ event, outcome }, 0);
  for (const event of breakEvents) for (const outcome of ['forged', 'garbled']) beacons.inc({ event, outcome }, 0);
  for (const topic of ['catalog-changes', 'campaign-signals']) undecodable.inc({ topic }, 0);
  for (const engine of engines)
    for (const code of [...engineErrorCodes, 'fault']) engineFailures.inc({ engine, code }, 0);
}

const requestOutcomes = [
  'filled',
  'empty',
  'repeated',
  'conflict',
  'log_unavailable',
  'too_large',
  'bad_request',
  'error',
];
const engines = ['event_log', 'journal', 'state_store', 'answers', 'release', 'feed', 'geoip'];

export type Metrics = ReturnType<typeof instruments>;
