import type { Decision } from './decision.ts';
import type { Metrics } from './metrics.ts';
import { moneyReasons, type Reason } from './reasons.ts';

/** Counts what a decision says about its campaigns, once it is written down. */
export function countDecision(decision: Decision, metrics: Metrics): void {
  for (const [step, micros] of Object.entries(decision.timingsUs)) {
    metrics.stepSeconds.observe({ step }, micros / 1_000_000);
  }
  for (const [reason, campaigns] of decision.notEntered) metrics.fallouts.inc({ reason }, campaigns);
  for (const entrant of decision.entrants) {
    const reasons = new Set<Reason>();
    if (entrant.fellOut) reasons.add(entrant.fellOut);
    else for (const { struck } of entrant.runners) if (struck && struck !== 'lost') reasons.add(struck);
    for (const reason of reasons) {
      metrics.fallouts.inc({ reason });
      if (reason === 'cap_reached') metrics.capsRefused.inc();
      if (moneyReasons.has(reason)) metrics.budgetsRefused.inc({ reason });
    }
  }
}
