/** Distribution functions that more than one rule needs. Pure, without state. */

/** P(Z ≤ z) of the standard normal. Abramowitz and Stegun 26.2.17; error below 7.5e-8. */
export function normalCdf(z: number): number {
  const x = Math.abs(z);
  const t = 1 / (1 + 0.231_641_9 * x);
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return z >= 0 ? 1 - tail : tail;
}

/** The z with P(Z ≤ z) = p, 0 < p < 1, by bisection: exact to 1e-9. */
export function normalQuantile(p: number): number {
  let [low, high] = [-9, 9];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const lanczos = [
  76.180_091_729_471_46, -86.505_320_329_416_8, 24.014_098_240_830_91, -1.231_739_572_450_155,
  0.001_208_650_973_866_179, -0.000_005_395_239_384_953,
] as const;

/** ln Γ(x) for x > 0. Lanczos; error below 2e-10. */
export function logGamma(x: number): number {
  const base = x + 5.5 - (x + 0.5) * Math.log(x + 5.5);
  const series = lanczos.reduce((total, value, index) => total + value / (x + 1 + index), 1.000_000_000_190_015);
  return -base + Math.log((2.506_628_274_631 * series) / x);
}

/** Successes among trials. */
export interface Share {
  readonly successes: number;
  readonly trials: number;
}

/** A quantity with an interval around it. */
export interface Estimate {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** Mean and variance of the Beta posterior after a uniform prior. */
function posterior({ successes, trials }: Share): { readonly mean: number; readonly variance: number } {
  const seen = Math.min(successes, trials);
  const mean = (seen + 1) / (trials + 2);
  return { mean, variance: (mean * (1 - mean)) / (trials + 3) };
}

/**
 * How much higher the share of `a` is than that of `b`, with the interval that holds `level` of the belief, and the probability
 * that it is lower. Beta posteriors, their difference taken to be normal: good from some twenty of either kind.
 */
export function shareDifference(a: Share, b: Share, level = 0.9): Estimate & { readonly probabilityLower: number } {
  const [of, than] = [posterior(a), posterior(b)];
  const expected = of.mean - than.mean;
  const deviation = Math.sqrt(of.variance + than.variance);
  const spread = normalQuantile((1 + level) / 2) * deviation;
  return {
    expected,
    low: expected - spread,
    high: expected + spread,
    probabilityLower: normalCdf(-expected / deviation),
  };
}

/** A share with the interval that holds `level` of the belief, within 0 and 1. */
export function shareEstimate(share: Share, level = 0.9): Estimate {
  const { mean, variance } = posterior(share);
  const spread = normalQuantile((1 + level) / 2) * Math.sqrt(variance);
  return { expected: mean, low: Math.max(0, mean - spread), high: Math.min(1, mean + spread) };
}
