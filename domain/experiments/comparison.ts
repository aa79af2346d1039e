import { logGamma } from '../statistics.ts';

/** Sums over the viewers of an arm, of a measure that is a ratio of two sums over each viewer. */
export interface Moments {
  readonly viewers: number;
  readonly numerator: number;
  readonly denominator: number;
  readonly numeratorSquares: number;
  readonly denominatorSquares: number;
  readonly products: number;
}

/** One arm against the first. `low` and `high` hold whenever one looks. */
export interface Comparison {
  readonly control: number;
  readonly treated: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** The difference ÷ the control's value; null: that is 0. */
  readonly lift: number | null;
}

/** Both arms need so many viewers: below, the normal limit does not hold yet and any interval is infinite. */
export const viewersAtLeast = 100;
/** The number of viewers at which the interval is narrowest for its level. */
const tunedFor = 20_000;

/**
 * The difference of two ratios with a confidence sequence: over all moments at which one may look, it misses the true difference
 * with probability `alpha` at most. Null: too few viewers. The ratio's variance is the delta method's over viewers, because it is
 * viewers who were drawn, and requests of one viewer are alike; two made-up viewers, one with nothing but successes and one with
 * none, keep it above 0 where all who were drawn are alike so far.
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences",
 * Annals of Statistics 2024, theorem 2.2.
 */
export function compare(control: Moments, treated: Moments, alpha = 0.05): Comparison | null {
  if (Math.min(control.viewers, treated.viewers) < viewersAtLeast) return null;
  const [a, b] = [ratioOf(control), ratioOf(treated)];
  if (a === null || b === null) return null;
  const n = control.viewers + treated.viewers;
  const sigma = Math.sqrt(n * (a.varianceOfMean + b.varianceOfMean));
  const width = sigma * boundary(n, alpha);
  const difference = b.value - a.value;
  return {
    control: a.value,
    treated: b.value,
    difference,
    low: difference - width,
    high: difference + width,
    lift: a.value === 0 ? null : difference / a.value,
  };
}

function ratioOf(moments: Moments): { readonly value: number; readonly varianceOfMean: number } | null {
  const { viewers: n, numerator, denominator, numeratorSquares, denominatorSquares, products } = moments;
  if (denominator <= 0) return null;
  const value = numerator / denominator;
  // Mean of (numerator − value·denominator)² over viewers; its own mean is 0.
  const squares = numeratorSquares - 2 * value * products + value * value * denominatorSquares;
  const meanDenominator = denominator / n;
  const madeUp = (Math.max(1, value) - value) ** 2 + value ** 2;
  return { value, varianceOfMean: (Math.max(0, squares) / meanDenominator ** 2 + madeUp) / n / n };
}

/** Half the width for unit variance after n observations. */
function boundary(n: number, alpha: number): number {
  const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tunedFor;
  const scaled = n * rho2 + 1;
  return Math.sqrt(((2 * scaled) / (n * n * rho2)) * Math.log(Math.sqrt(scaled) / alpha));
}

/**
 * Whether viewers stand in the arms as their weights say: the chance (at most) that a fair draw would ever have looked as odd as
 * this, over all moments at which one may look. Below a thousandth the experiment is not to be believed. Null: fewer than two arms
 * have a weight.
 * Source: Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022.
 */
export function sampleRatioP(arms: readonly { readonly weight: number; readonly viewers: number }[]): number | null {
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = arms.filter(({ weight }) => weight > 0);
  if (drawn.length < 2) return null;
  if (arms.some(({ weight, viewers }) => weight === 0 && viewers > 0)) return 0;
  // A Dirichlet prior around the weights, as sure as a hundred viewers.
  const prior = drawn.map(({ weight }) => (100 * weight) / total);
  const counts = drawn.map(({ viewers }) => viewers);
  const logBeta = (of: readonly number[]) =>
    of.reduce((sum, one) => sum + logGamma(one), 0) - logGamma(of.reduce((sum, one) => sum + one, 0));
  const logOdds =
    logBeta(prior.map((one, index) => one + (counts[index] ?? 0))) -
    logBeta(prior) -
    drawn.reduce((sum, { weight, viewers }) => sum + viewers * Math.log(weight / total), 0);
  return Math.min(1, Math.exp(-logOdds));
}
