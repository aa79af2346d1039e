import type { Comparison } from './comparison.ts';

/** What arms are compared by. `better`: which way is good. `guard`: a loss beyond the margin speaks against an arm. */
export const experimentMeasures = [
  { name: 'spend_per_request', better: 'higher', guard: false },
  { name: 'fill', better: 'higher', guard: true },
  { name: 'impressions_per_request', better: 'higher', guard: false },
  { name: 'completion_rate', better: 'higher', guard: true },
  { name: 'ctr', better: 'higher', guard: false },
  { name: 'error_rate', better: 'lower', guard: true },
] as const;

export type ExperimentMeasure = (typeof experimentMeasures)[number];

/** A guard rail holds once a loss of this share of the control's value is ruled out. */
export const guardMargin = 0.02;

export type Decided = 'better' | 'worse' | 'open';
export type Guarded = 'holds' | 'broken' | 'open';

/** Better or worse once the interval has left 0 behind; looking often does not make it wrong more often. */
export function decided({ better }: ExperimentMeasure, { low, high }: Comparison): Decided {
  if (low > 0) return better === 'higher' ? 'better' : 'worse';
  if (high < 0) return better === 'higher' ? 'worse' : 'better';
  return 'open';
}

/** Broken: it is worse for sure. Holds: it is not worse by more than the margin, for sure. */
export function guarded(measure: ExperimentMeasure, comparison: Comparison): Guarded {
  if (decided(measure, comparison) === 'worse') return 'broken';
  const worst = measure.better === 'higher' ? -comparison.low : comparison.high;
  return worst <= guardMargin * Math.abs(comparison.control) ? 'holds' : 'open';
}
