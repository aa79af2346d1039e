import type { Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, place } from './judge.ts';

/** Every signal that a decision used was published before, with that shadow price; nothing else moved a decision. */
export function checkSignals({ log, settings }: Pick<Run, 'log' | 'settings'>): Fault[] {
  const known = new Map<string, { readonly mu: number; readonly at: number }>();
  const unlike: string[] = [];
  for (const record of log.signals) {
    const { kind, campaign, version, mu_ppm } = record.value;
    const key = `${kind} ${campaign} ${version}`;
    const earlier = known.get(key);
    if (earlier && earlier.mu !== mu_ppm) unlike.push(`${place(record)} ${key}`);
    if (!earlier) known.set(key, { mu: mu_ppm, at: record.appendedAt });
  }
  const unknown: string[] = [];
  const differs: string[] = [];
  const early: string[] = [];
  const unasked: string[] = [];
  for (const request of firstRequests(log.requests).values()) {
    for (const used of request.value.candidates) {
      const id = `${request.value.request_id}: ${used.campaign}`;
      if (!settings.signals && (used.pacing_signal !== null || used.score_signal !== null || used.mu_ppm !== 0))
        unasked.push(id);
      const pacing = used.pacing_signal === null ? null : `PACING ${used.campaign} ${used.pacing_signal}`;
      const score = used.score_signal === null ? null : `SCORE ${used.campaign} ${used.score_signal}`;
      for (const key of [pacing, score]) {
        if (key === null) continue;
        const signal = known.get(key);
        if (!signal) unknown.push(`${id} ${key}`);
        else if (signal.at > request.appendedAt) early.push(`${id} ${key}`);
      }
      const mu = pacing === null ? 0 : known.get(pacing)?.mu;
      if (mu !== undefined && mu !== used.mu_ppm) differs.push(id);
    }
  }
  return [
    ...fault('signal_unknown', 'a decision used a signal that the log does not hold', unknown),
    ...fault('signal_differs', "a decision used another shadow price than its signal's", differs),
    ...fault('signal_reissued', 'one version of a signal has two values', unlike),
    ...fault('signal_from_future', 'a decision used a signal that was published after it', early),
    ...fault('signal_unasked', 'signals are off, and moved a decision', unasked),
  ];
}
