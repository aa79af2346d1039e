import type { Verdicts } from './audit.ts';

/** Each zero, and what could have broken it. */
const zeros: readonly (readonly [zero: keyof Verdicts, opportunity: keyof Verdicts, words: string])[] = [
  ['cap_violations', 'caps_refused', 'views beyond a cap; ads that caps refused'],
  ['overspend_micros', 'budgets_exhausted', 'micros beyond a budget; campaigns whose budget ran out'],
  ['state_keys_without_expiry', 'state_keys', 'keys that would stay for ever; keys of the state store'],
  ['separation_violations', 'conflicts_rejected', 'competitors too close; competing pairs kept apart'],
];

/** The audit as a page for people. */
export function report(verdicts: Verdicts): string {
  const v = verdicts;
  const lines = [
    'Audit: recounted from the log, the seed and what viewers saw',
    row('requests', `${v.requests_answered} answered, ${v.requests_in_log} in the log`),
    row('pods', `${v.pods} with ${v.ads} ads; ${(v.fill_rate * 100).toFixed(1)} % of the seconds asked for were paid`),
    row('beacons', `${v.beacons_acked} acknowledged, ${v.beacons_in_log} in the log`),
    row(
      'repeated',
      `${v.duplicates} in the log, ${v.duplicates_sent} sent on purpose; shipped again ${v.shipped_again}; none counted`,
    ),
    row('late', `${v.late} in the log, ${v.late_sent} sent on purpose; none billed`),
    row(
      'dialects',
      Object.entries(v.dialects)
        .map(([name, { requests, ads, beacons }]) => `${name} ${requests}/${ads}/${beacons}`)
        .join(', '),
    ),
    row('warehouse', `${v.rows_in_warehouse} rows`),
    row('impressions', `${v.billable_impressions} billable`),
    row(
      'spend (micros)',
      `log ${v.spend_micros_log}, warehouse ${v.spend_micros_warehouse}, pacing ${v.spend_micros_pacing}`,
    ),
    row('signals', `${v.signals} published; dead letters: ${v.dead_letters}`),
    ...zeros.map(([zero, opportunity, words]) =>
      row(zero, `${v[zero]} (of ${opportunity} ${v[opportunity]}): ${words}`),
    ),
    ...v.faults.flatMap((one) => [
      `  FAULT ${one.name} (${one.count}): ${one.detail}`,
      ...one.ids.map((id) => `        ${id}`),
    ]),
    v.audit === 'exact' ? 'Audit: exact' : `Audit: BROKEN, ${v.faults.length} faults`,
  ];
  return lines.join('\n');
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(26)}${text}`;
}
