import { logGamma } from '../statistics.ts';

/** What is believed of a rate: Beta(successes, failures), both above 0 and not necessarily whole. */
export interface Belief {
  readonly successes: number;
  readonly failures: number;
}

const POINTS = 384;
/** Deviations to both sides of a belief that are looked at. */
const REACH = 8;
/** Nobody is silent for ever: who is never shown is never learnt of. */
const LEAST_PPM = 10_000;
/** Shares go out in hundredths, so that they do not move with every view. */
const STEP_PPM = 10_000;

/**
 * How likely each belief's rate is the highest of all, in ppm by hundredths, at least one hundredth: the chance with which a draw from
 * every belief (Thompson, 1933) would choose it. The integral of density times the others' distribution, over the log-odds of the
 * rate, where a Beta's density is x^a·(1−x)^b ÷ B(a, b) and has no poles; distributions are summed from above.
 */
export function bestShares(beliefs: readonly Belief[]): readonly number[] {
  if (beliefs.length === 1) return [1_000_000];
  const spans = beliefs.map(spanOf);
  // Who is to be best must be above where each of the others certainly is.
  const low = Math.max(...spans.map((span) => span.low));
  const high = Math.max(...spans.map((span) => span.high));
  const step = (high - low) / POINTS;
  const norms = beliefs.map(({ successes: a, failures: b }) => logGamma(a + b) - logGamma(a) - logGamma(b));
  const above = beliefs.map(() => 0);
  const wins = beliefs.map(() => 0);
  for (let point = POINTS - 1; point >= 0; point--) {
    const odds = low + (point + 0.5) * step;
    const [logX, logNotX] = [-Math.log1p(Math.exp(-odds)), -Math.log1p(Math.exp(odds))];
    const masses = beliefs.map(
      ({ successes, failures }, at) => Math.exp((norms[at] ?? 0) + successes * logX + failures * logNotX) * step,
    );
    for (const [at, mass] of masses.entries()) {
      let win = mass;
      for (const [other, theirs] of masses.entries()) {
        if (other !== at) win *= Math.max(0, 1 - (above[other] ?? 0) - theirs / 2);
      }
      wins[at] = (wins[at] ?? 0) + win;
    }
    for (const [at, mass] of masses.entries()) above[at] = Math.min(1, (above[at] ?? 0) + mass);
  }
  const total = wins.reduce((sum, win) => sum + win, 0);
  return wins.map((win) => {
    // Beliefs too sharp for the grid: nobody was seen to win.
    const share = total > 0 ? win / total : 1 / beliefs.length;
    return Math.max(LEAST_PPM, Math.round((share * 1_000_000) / STEP_PPM) * STEP_PPM);
  });
}

/** Where the log-odds of a rate almost certainly are: mean and deviation as of the logarithm of a ratio of two Gammas. */
function spanOf({ successes: a, failures: b }: Belief): { readonly low: number; readonly high: number } {
  const mean = Math.log(a / b);
  const deviation = Math.sqrt(1 / a + 1 / a ** 2 / 2 + 1 / b + 1 / b ** 2 / 2);
  return { low: Math.max(-40, mean - REACH * deviation), high: Math.min(40, mean + REACH * deviation) };
}
