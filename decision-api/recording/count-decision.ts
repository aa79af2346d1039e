import type { Decision, Entrant } from '../decision.ts';
import type { Metrics } from '../metrics.ts';
import { moneyReasons, type Reason } from '../reasons.ts';

/** Counts what a decision says about its campaigns, once it is written down. */
export function countDecision(decision: Decision, metrics: Metrics): void {
  for (const step in decision.timingsUs) {
    metrics.stepSeconds.observe({ step }, (decision.timingsUs[step] ?? 0) / 1_000_000);
  }
  const counts = new Map<Reason, number>(decision.notEntered);
  for (const entrant of decision.entrants) countEntrant(entrant, counts);
  for (const [reason, campaigns] of counts) {
    metrics.fallouts.inc({ reason }, campaigns);
    if (reason === 'cap_reached') metrics.capsRefused.inc(campaigns);
    if (moneyReasons.has(reason)) metrics.budgetsRefused.inc({ reason }, campaigns);
  }
}

/** A campaign counts once for each reason. */
function countEntrant({ fellOut, runners }: Entrant, counts: Map<Reason, number>): void {
  const add = (reason: Reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1);
  if (fellOut !== null) {
    add(fellOut);
    return;
  }
  for (let at = 0; at < runners.length; at++) {
    const reason = runners[at]?.struck ?? null;
    if (reason === null || reason === 'lost' || reason === 'rotated') continue;
    let told = false;
    for (let before = 0; before < at; before++) told ||= runners[before]?.struck === reason;
    if (!told) add(reason);
  }
}
