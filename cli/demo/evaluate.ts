import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../decision-api/limits.ts';
import type { Campaign } from '../../domain/campaign.ts';
import { openEventLog, openStateStore } from '../../engines/open.ts';
import type { AdRequest } from '../../schemas/records.ts';
import { catchUp } from '../lag.ts';
import { decisionsDigest, readDecisions } from './decisions.ts';
import { runJsonChild } from './json-child.ts';
import { type RankReplay, replayRanks } from './rank-changed.ts';
import type { RealEngines } from './real-engines.ts';
import { clockFrom } from './run-clock.ts';
import { effectOf, type Steered } from './steering.ts';
import type { Seen, TrafficOptions } from './traffic.ts';

const CATCH_UP_MS = 20_000;

export interface Verdict {
  /** The last line of `--json`. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly campaigns: readonly Campaign[];
  readonly requests: readonly AdRequest[];
  readonly seen: Seen;
  /** Faults that the audit does not know of. */
  readonly errors: readonly string[];
}

export interface EvaluateOptions extends TrafficOptions {
  readonly seen: Seen;
  /** Null: nobody steered, in virtual mode. */
  readonly steered: Steered | null;
  readonly readyAfterMs: number;
  /** Undefined: embedded ones. */
  readonly engines: RealEngines | undefined;
}

/** Ends the processes, so that what they leave is final; replays decisions; has the audit recount everything. */
export async function evaluate(run: EvaluateOptions): Promise<Verdict> {
  const { options, config, screen, folder, seen } = run;
  await stopInOrder(run);
  const campaigns = JSON.parse(readFileSync(join(folder, 'seed.json'), 'utf8')) as Campaign[];
  const log = await openEventLog(config, clockFrom(seen.endedAt));
  const decisions = await readDecisions(log).finally(() => log.close());
  for (const signal of decisions.signals) seen.spending.take(signal);
  screen.line(`replaying ${decisions.requests.length} decisions without signals`);
  const ranks = replayRanks(decisions.requests, campaigns, decisions.signals, limits.nodeLimit);
  screen.line('the audit recounts everything from the viewers, the log, the stores and the warehouse');
  const args = ['--dir', folder, '--servers', writeServers(run), '--json'];
  if (options.keep !== undefined) args.push('--dump');
  // A native one leaves its files; embedded ones are in the folder already.
  const elsewhere = run.engines !== undefined && !run.engines.native.includes('clickhouse');
  if (options.keep !== undefined && elsewhere) args.push('--dump-warehouse');
  if (options.for < 20_000) for (const name of mayBeAbsent) args.push('--allow-no', name);
  const audit = await runJsonChild('evidence/audit/main.ts', args, (line) => screen.line(`  audit: ${line}`)).done;
  rmSync(join(folder, 'servers.json'));
  return {
    json: {
      ...audit.answer,
      ...measured(run),
      ...ranked(ranks),
      recommendation: effectOf(run.steered, decisions.requests),
      alert: run.steered?.alert ?? null,
      experiment: run.steered?.experiment ?? null,
      decisions_digest: decisionsDigest(decisions.requests),
    },
    campaigns,
    requests: decisions.requests,
    seen,
    errors: [...rankErrors(ranks, options.signals), ...alertErrors(run.steered)],
  };
}

/** The warehouse takes in the last words of the others before it stops. */
async function stopInOrder({ house, config, seen }: EvaluateOptions): Promise<void> {
  await house.stopWriters();
  if (house.control === null) {
    const clock = clockFrom(seen.endedAt);
    const log = await openEventLog(config, clock);
    const store = await openStateStore(config, clock);
    const missing = await catchUp(log, store, 'warehouse', CATCH_UP_MS, clock.sleep);
    await log.close();
    await store.close();
    if (missing.length > 0) throw new Error(`the warehouse does not catch up: ${missing.slice(0, 3).join('; ')}`);
  }
  await house.stopProcesses();
}

const embedded = [
  { name: 'lmdb', version: null, where: 'embedded: event log, state store' },
  { name: 'postgresql', version: null, where: 'embedded: catalog' },
  { name: 'clickhouse', version: null, where: 'embedded (chDB): warehouse' },
];

/** Where the audit finds what is not in the folder. In a file, because URLs may hold passwords. */
function writeServers({ house, folder, engines }: EvaluateOptions): string {
  const path = join(folder, 'servers.json');
  const real = engines === undefined ? {} : { log: engines.settings.EVENT_LOG, state: engines.settings.STATE_STORE };
  writeFileSync(path, JSON.stringify({ warehouse: house.warehouseUrl, ...real }), { mode: 0o600 });
  return path;
}

/** Opportunities that a run shorter than the usual one may not offer. */
const mayBeAbsent = ['caps_refused', 'budgets_exhausted', 'conflicts_rejected', 'duplicates_sent', 'late_sent'];

function measured({ options, seen, readyAfterMs, engines }: EvaluateOptions): Record<string, unknown> {
  const { metrics } = seen;
  const p95 = (effect: string) => millis(metrics.quantile('breakwater_event_to_effect_seconds', 0.95, { effect }));
  const processed = (effect: string) => millis(metrics.quantile('breakwater_processing_seconds', 0.95, { effect }));
  const effects = { window: p95('window'), counter: p95('counter'), signal: p95('signal') };
  const known = Object.values(effects).filter((value) => value !== null);
  return {
    decision_p95_ms: millis(metrics.quantile('breakwater_decision_seconds', 0.95)) ?? seen.viewers.decision_p95_ms,
    answer_p95_ms: seen.viewers.decision_p95_ms,
    event_to_effect_p95_ms: known.length > 0 ? Math.max(...known) : null,
    event_to_effect_p95_ms_by_effect: effects,
    processing_p95_ms_by_effect: { window: processed('window'), counter: processed('counter') },
    signals_applied: metrics.sum('breakwater_signals_applied_total'),
    ready_after_ms: readyAfterMs,
    peak_memory_mb: seen.peakMemoryMb,
    kills: seen.kills,
    seed: options.seed,
    virtual: options.virtual === true,
    signals_switch: options.signals,
    apis: options.apis,
    workers: options.workers,
    engines: engines?.used ?? embedded,
    viewers: seen.viewers,
  };
}

function millis(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10_000) / 10;
}

function ranked(ranks: RankReplay): Record<string, unknown> {
  return {
    rank_changed: ranks.changed,
    rank_replayed: ranks.replayed,
    rank_mismatches: ranks.mismatches.length,
  };
}

function rankErrors(ranks: RankReplay, signals: 'on' | 'off'): string[] {
  const errors: string[] = [];
  if (ranks.mismatches.length > 0) {
    const shown = ranks.mismatches.slice(0, 3).join(', ');
    errors.push(
      `${ranks.mismatches.length} of ${ranks.replayed} decisions do not follow from their recorded scores: ${shown}`,
    );
  }
  if (signals === 'off' && ranks.changed > 0)
    errors.push(`signals are off, and ${ranks.changed} decisions followed some`);
  return errors;
}

/** Raised and cleared take turns, and what arrives by webhook is what happened. */
function alertErrors(steered: Steered | null): string[] {
  if (steered?.alert == null) return [];
  const { raised, cleared, webhooks, webhooks_genuine } = steered.alert;
  const errors: string[] = [];
  if (raised - cleared !== 0 && raised - cleared !== 1)
    errors.push(`an alert was raised ${raised} times and cleared ${cleared}`);
  if (webhooks > raised + cleared || !webhooks_genuine) errors.push('webhooks told of alerts that nobody raised');
  return errors;
}
