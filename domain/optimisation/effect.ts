import { type Estimate, normalQuantile } from '../statistics.ts';

/** A campaign's measure before and after; null: nothing was seen of it then. */
export interface Course {
  readonly before: number | null;
  readonly after: number | null;
}

/**
 * How much more the treated campaigns changed than those that were held out, with the interval that holds nine in ten. The two are
 * alike but for the treatment, because chance divided them. Null with fewer than two campaigns on either side.
 */
export function differenceInDifferences(treated: readonly Course[], heldOut: readonly Course[]): Estimate | null {
  const [of, than] = [changes(treated), changes(heldOut)];
  if (of.length < 2 || than.length < 2) return null;
  const expected = mean(of) - mean(than);
  const spread = normalQuantile(0.95) * Math.sqrt(varianceOfMean(of) + varianceOfMean(than));
  return { expected, low: expected - spread, high: expected + spread };
}

function changes(courses: readonly Course[]): number[] {
  return courses.flatMap(({ before, after }) => (before === null || after === null ? [] : [after - before]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOfMean(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}
