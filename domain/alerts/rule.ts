/** What can be watched. */
export const alertMeasures = ['delivery', 'spend', 'error_rate', 'fill', 'lag', 'invalid_traffic'] as const;

export type AlertMeasure = (typeof alertMeasures)[number];

/** A measure at a moment. Null: nothing happened that it could be told by. `not_applicable`: nothing is there that it could be told of. */
export type Measured = number | null | 'not_applicable';

/** Measured of the traffic of everybody, not of campaigns: the house's own. */
const measuresOfAllTraffic: readonly AlertMeasure[] = ['fill', 'lag'];

export function isOfAllTraffic(measure: AlertMeasure): boolean {
  return measuresOfAllTraffic.includes(measure);
}

export interface AlertRule {
  readonly measure: AlertMeasure;
  readonly comparison: 'above' | 'below';
  readonly threshold: number;
  /** A raised alert is cleared once the value is back on this side; equal to the threshold or beyond it, so that it does not flutter. */
  readonly clearThreshold: number;
}

export type AlertChange = 'RAISED' | 'CLEARED';

/**
 * What a new value changes. Null: nothing; a value that is not known changes nothing either, for silence proves neither trouble nor
 * its end. What there is no more is in no trouble.
 */
export function alertChange(rule: AlertRule, raised: boolean, value: Measured): AlertChange | null {
  if (value === 'not_applicable') return raised ? 'CLEARED' : null;
  if (value === null || !Number.isFinite(value)) return null;
  const { comparison, threshold, clearThreshold } = rule;
  const isBeyond = comparison === 'above' ? value > threshold : value < threshold;
  if (!raised) return isBeyond ? 'RAISED' : null;
  const isBack = comparison === 'above' ? value <= clearThreshold : value >= clearThreshold;
  return isBack ? 'CLEARED' : null;
}

/** Why a clear threshold contradicts its rule; null: it does not. */
export function clearFault({ comparison, threshold, clearThreshold }: Omit<AlertRule, 'measure'>): string | null {
  const fits = comparison === 'above' ? clearThreshold <= threshold : clearThreshold >= threshold;
  if (fits) return null;
  return comparison === 'above' ? 'must not be above the threshold' : 'must not be below the threshold';
}

/** After so many ms the nth attempt (from 1) to send is made again; null: no more. Doubling from 5 s, for about a day. */
export function retryAfterMs(attempts: number): number | null {
  return attempts >= 18 ? null : Math.min(5_000 * 2 ** (attempts - 1), 3 * 3_600_000);
}
