import type { CurvePoint } from '../campaign.ts';

/** Points that a curve of a campaign's own has at most. */
export const curvePointsMax = 100;

/** What is wrong with a curve, by the index of the point; null: nothing. */
export function curveFault(points: readonly CurvePoint[]): { readonly index: number; readonly detail: string } | null {
  if (points.length < 2 || points.length > curvePointsMax) {
    return { index: 0, detail: `must have 2 to ${curvePointsMax} points` };
  }
  for (const [index, { flight, plan }] of points.entries()) {
    const inside = flight >= 0 && flight <= 1 && plan >= 0 && plan <= 1;
    if (!inside) return { index, detail: 'must lie between 0 and 1' };
    const before = points[index - 1];
    if (index === 0 && (flight !== 0 || plan !== 0)) return { index, detail: 'must begin with flight 0 and plan 0' };
    if (before && flight <= before.flight) return { index, detail: 'must lie later in the flight than the one before' };
    if (before && plan < before.plan) return { index, detail: 'must not fall: money that was spent stays spent' };
  }
  const last = points.at(-1);
  if (last?.flight !== 1 || last.plan !== 1) {
    return { index: points.length - 1, detail: 'must end with flight 1 and plan 1' };
  }
  return null;
}

/** The plan's share that is due when this share of the flight has passed: straight lines between the points. */
export function customShare(points: readonly CurvePoint[], passed: number): number {
  const next = points.findIndex(({ flight }) => flight >= passed);
  const to = points[next];
  const from = points[next - 1];
  if (to === undefined) return 1;
  if (from === undefined) return to.plan;
  return from.plan + ((passed - from.flight) / (to.flight - from.flight)) * (to.plan - from.plan);
}
