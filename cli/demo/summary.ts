import type { ReadOut } from '../../management-api/experiments/read-out.ts';
import { linesOf } from '../experiments.ts';
import type { Verdict } from './evaluate.ts';
import { namedUuid } from './named-uuid.ts';
import { campaignPlans } from './plans.ts';

/** The demo's last page, for people. */
export function printSummary(verdict: Verdict, print: (line: string) => void): void {
  const { json } = verdict;
  const number = (name: string) => Number(json[name] ?? 0).toLocaleString('en');
  const dollars = (name: string) => (Number(json[name] ?? 0) / 1e6).toFixed(6);
  print('');
  print('What happened');
  print(
    `  ${number('requests_answered')} requests answered, ${number('pods')} pods with ${number('ads')} ads; paid fill ${percent(json.fill_rate)}`,
  );
  print(
    `  ${number('beacons_acked')} beacons acknowledged; ${number('duplicates')} repeated and ${number('late')} late ones counted, none billed`,
  );
  print(
    `  ${number('billable_impressions')} billable impressions; spend ${dollars('spend_micros_log')} by the log, ${dollars('spend_micros_warehouse')} by the warehouse, ${dollars('spend_micros_pacing')} by pacing`,
  );
  print(
    `  caps refused ${number('caps_refused')} times, budgets ended ${number('budgets_exhausted')}, competitors kept apart ${number('conflicts_rejected')}`,
  );
  print(
    `  ${number('signals_applied')} signals applied; ${number('rank_changed')} of ${number('rank_replayed')} decisions would have been others without them`,
  );
  print(`  in dialects: ${spoken(json.dialects)}`);
  print('');
  print('What each campaign was there to show');
  for (const line of edges(verdict)) print(`  ${line}`);
  for (const line of steering(json)) print(line);
  print('');
  print('How fast, how large');
  print(
    `  decision p95 ${json.decision_p95_ms ?? '-'} ms, event to effect p95 ${json.event_to_effect_p95_ms ?? '-'} ms`,
  );
  print(`  ready after ${number('ready_after_ms')} ms, at most ${number('peak_memory_mb')} MB in all processes`);
  for (const { process, role, at } of verdict.seen.kills)
    print(`  killed ${process} (${role}) at ${new Date(at).toISOString()}`);
  print('');
  print(
    `  overspend ${number('overspend_micros')} micros, cap violations ${number('cap_violations')}, separation violations ${number('separation_violations')}`,
  );
  print(`  decisions_digest ${String(json.decisions_digest)}`);
  for (const { code, what, examples } of faults(json.faults)) print(`  fault ${code}: ${what} ${examples}`);
  print(`The audit is ${String(json.audit)}.`);
}

interface ServedShare {
  readonly requests: number;
  readonly served: number;
}

function* steering(json: Verdict['json']): Generator<string> {
  const effect = json.recommendation as { kind: string; before: ServedShare; after: ServedShare } | null;
  const alert = json.alert as { rule: string; raised: number; cleared: number; webhooks: number } | null;
  const experiment = json.experiment as ReadOut | null;
  if (effect === null && alert === null && experiment === null) return;
  yield '';
  yield 'How it was steered';
  if (effect === null) yield '  no recommendation in so short a time';
  else {
    const told = ({ served, requests }: ServedShare) => `${served} of ${requests} requests`;
    yield `  ${effect.kind} applied to Slow starter: served in ${told(effect.before)} before, in ${told(effect.after)} after`;
  }
  if (alert !== null)
    yield `  alert "${alert.rule}": raised ${alert.raised}, cleared ${alert.cleared}, ${alert.webhooks} webhooks heard`;
  if (experiment !== null) for (const line of linesOf(experiment).slice(0, 5)) yield `  ${line}`;
}

function* edges({ requests, seen }: Verdict): Generator<string> {
  const served = new Map<string, number>();
  const refused = new Map<string, Map<string, number>>();
  for (const request of requests) {
    for (const { campaign } of request.ads) served.set(campaign, (served.get(campaign) ?? 0) + 1);
    for (const { campaign, outcome } of request.candidates) {
      if (outcome === 'won' || outcome === 'lost') continue;
      const reasons = refused.get(campaign) ?? new Map<string, number>();
      reasons.set(outcome, (reasons.get(outcome) ?? 0) + 1);
      refused.set(campaign, reasons);
    }
  }
  for (const plan of campaignPlans) {
    if (plan.shows === undefined) continue;
    const id = namedUuid(`campaign ${plan.name}`);
    const reasons = [...(refused.get(id) ?? [])].map(([reason, times]) => `, ${reason} ${times}`).join('');
    const signal = seen.spending.of(id);
    const mu = signal === undefined || signal.mu_ppm === 0 ? '' : `, shadow price ${(signal.mu_ppm / 1e6).toFixed(2)}`;
    yield `${plan.name.padEnd(20)} ${plan.shows.padEnd(40)} ${String(served.get(id) ?? 0).padStart(4)} ads${reasons}${mu}`;
  }
}

function faults(found: unknown): { code: string; what: string; examples: string }[] {
  if (!Array.isArray(found)) return [];
  return found.map((fault: Record<string, unknown>) => ({
    code: String(fault.name ?? ''),
    what: `${fault.detail ?? ''} (${fault.count ?? 0})`,
    examples: JSON.stringify(fault.ids ?? []).slice(0, 160),
  }));
}

function spoken(dialects: unknown): string {
  const counts = Object.entries((dialects ?? {}) as Record<string, Record<'requests' | 'ads' | 'beacons', number>>);
  return counts
    .map(([name, { requests, ads, beacons }]) => `${name} ${requests} requests, ${ads} ads, ${beacons} beacons`)
    .join('; ');
}

function percent(value: unknown): string {
  return `${(Number(value ?? 0) * 100).toFixed(1)} %`;
}
