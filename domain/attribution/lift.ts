/** Viewers of one arm of an experiment, and how many of them converted. */
export interface Arm {
  readonly viewers: number;
  readonly converters: number;
}

export interface Lift {
  readonly rate: number | null;
  readonly holdoutRate: number | null;
  /** rate / holdoutRate − 1, with its interval of 95 %; null where either has no converter. */
  readonly lift: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Conversions that would not have come without the ads: (rate − holdoutRate) × viewers. */
  readonly incrementalConverters: number | null;
}

const Z_95 = 1.959963984540054;

/** Ratio of rates with the log interval of Katz et al. (1978). */
export function liftOf(arm: Arm, holdout: Arm): Lift {
  const rateOf = ({ viewers, converters }: Arm) => (viewers === 0 ? null : converters / viewers);
  const [rate, holdoutRate] = [rateOf(arm), rateOf(holdout)];
  const incrementalConverters = rate === null || holdoutRate === null ? null : (rate - holdoutRate) * arm.viewers;
  if (rate === null || holdoutRate === null || rate === 0 || holdoutRate === 0) {
    return { rate, holdoutRate, lift: null, low: null, high: null, incrementalConverters };
  }
  const ratio = rate / holdoutRate;
  const spread = Z_95 * Math.sqrt(1 / arm.converters - 1 / arm.viewers + 1 / holdout.converters - 1 / holdout.viewers);
  return {
    rate,
    holdoutRate,
    lift: ratio - 1,
    low: ratio * Math.exp(-spread) - 1,
    high: ratio * Math.exp(spread) - 1,
    incrementalConverters,
  };
}
