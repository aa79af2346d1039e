import { normalQuantile } from '../statistics.ts';
import {
  type Course,
  comingUntil,
  courseOf,
  type Delivered,
  doneOf,
  outcomeAt,
  type ProjectedCampaign,
  probabilityOf,
  timesRate,
} from './course.ts';
import type { Forecast } from './forecast.ts';
import type { PacingUnit } from './shadow-price.ts';

/** Something that would bring the probability of full delivery to nine in ten. */
export interface Lever {
  readonly kind: 'delivery_rate' | 'ends_at' | 'total';
  /** delivery_rate: times what it is now; ends_at: epoch ms; total: budget or goal, in the unit. */
  readonly value: number;
}

/** Where a campaign will end. Amounts are in `unit`. */
export interface Projection {
  readonly unit: PacingUnit;
  readonly total: number;
  readonly done: number;
  /** At the end of the flight; `low` and `high` hold eight in ten outcomes. Null: nothing was seen yet to project from. */
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Of at least 99 % of the total. Null likewise. */
  readonly probability: number | null;
  /** Epoch ms when the total is reached at the expected rate; null: not within the flight. */
  readonly reachedAt: number | null;
  readonly levers: readonly Lever[];
}

/** A budget or a goal: whichever is reached first ends the campaign. */
export interface Limit {
  readonly unit: PacingUnit;
  readonly total: number;
}

export const fullShare = 0.99;
const wantedProbability = 0.9;
const longestExtensionMs = 90 * 86_400_000;

/**
 * Projects a flight from what its past hours delivered for the traffic that the forecast gave them. `heldBack`: pacing prices the
 * campaign down now, so what it could deliver is the better quarter of its hours rather than their mean. Outcomes are taken to be
 * normal, with the variance that the hours themselves show. With a total budget and a goal it is told by the one that is likelier
 * to be reached, of two that are sure by the earlier. Null where there is neither.
 */
export function projectDelivery(
  campaign: ProjectedCampaign,
  delivered: Delivered,
  forecast: Forecast,
  now: number,
  heldBack: boolean,
): Projection | null {
  const [nearest] = limitsOf(campaign)
    .map((limit) => projectLimit(campaign, limit, delivered, forecast, now, heldBack))
    .sort(nearerFirst);
  return nearest ?? null;
}

export function limitsOf({ totalBudgetMicros, goalImpressions }: ProjectedCampaign): readonly Limit[] {
  return [
    ...(totalBudgetMicros === null ? [] : [{ unit: 'micros', total: totalBudgetMicros } as const]),
    ...(goalImpressions === null ? [] : [{ unit: 'impressions', total: goalImpressions } as const]),
  ];
}

function nearerFirst(a: Projection, b: Projection): number {
  const share = ({ expected, done, total }: Projection) => (expected ?? done) / total;
  const never = Number.MAX_SAFE_INTEGER;
  return (
    (b.probability ?? 0) - (a.probability ?? 0) ||
    (a.reachedAt ?? never) - (b.reachedAt ?? never) ||
    share(b) - share(a)
  );
}

function projectLimit(
  campaign: ProjectedCampaign,
  { unit, total }: Limit,
  delivered: Delivered,
  forecast: Forecast,
  now: number,
  heldBack: boolean,
): Projection {
  const { endsAt } = campaign;
  const done = doneOf(campaign, delivered, unit);
  const nothing = { unit, total, done, expected: null, low: null, high: null, probability: null };
  if (done >= total * fullShare) {
    return { ...nothing, expected: done, low: done, high: done, probability: 1, reachedAt: now, levers: [] };
  }
  if (now >= endsAt) {
    return { ...nothing, expected: done, low: done, high: done, probability: 0, reachedAt: null, levers: [] };
  }
  const course = courseOf(campaign, delivered, forecast, now, unit, heldBack);
  if (course === null) return { ...nothing, reachedAt: null, levers: [] };
  const outcome = outcomeAt(course, endsAt);
  const atMost = (more: number) => Math.min(total, Math.round(done + Math.max(0, more)));
  const spread = normalQuantile(0.9) * outcome.deviation;
  const probability = probabilityOf(total * fullShare - done, outcome);
  return {
    unit,
    total,
    done,
    expected: atMost(outcome.mean),
    low: atMost(outcome.mean - spread),
    high: atMost(outcome.mean + spread),
    probability,
    reachedAt: reachedAt(course, endsAt, total - done),
    levers: probability >= wantedProbability ? [] : leversOf(course, endsAt, done, total),
  };
}

function reachedAt(course: Course, endsAt: number, left: number): number | null {
  if (comingUntil(course, endsAt) < left) return null;
  return earliest(course.now, endsAt, (at) => comingUntil(course, at) >= left);
}

function leversOf(course: Course, endsAt: number, done: number, total: number): Lever[] {
  const needed = total * fullShare - done;
  const outcome = outcomeAt(course, endsAt);
  const levers: Lever[] = [];
  const likely = (of: Course, at: number) => probabilityOf(needed, outcomeAt(of, at)) >= wantedProbability;
  const safe = outcome.mean - normalQuantile(wantedProbability) * outcome.deviation;
  if (safe > 0) {
    const times = Math.ceil((needed / safe) * 100) / 100;
    // No rate helps where the daily budget holds.
    if (likely(timesRate(course, times), endsAt)) levers.push({ kind: 'delivery_rate', value: times });
  }
  const longest = endsAt + longestExtensionMs;
  if (likely(course, longest)) {
    levers.push({ kind: 'ends_at', value: earliest(endsAt, longest, (at) => likely(course, at)) });
  }
  const reachable = Math.floor((done + Math.max(0, safe)) / fullShare);
  if (reachable > 0 && reachable < total) levers.push({ kind: 'total', value: reachable });
  return levers;
}

/** The first moment at which something that stays true is true, to the minute. */
function earliest(low: number, high: number, holds: (at: number) => boolean): number {
  let [from, to] = [low, high];
  while (to - from > 60_000) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle;
  }
  return to;
}
