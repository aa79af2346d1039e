import { type Estimate, normalQuantile } from '../statistics.ts';
import {
  type Course,
  courseOf,
  type Delivered,
  doneOf,
  outcomeAt,
  type ProjectedCampaign,
  probabilityOf,
} from './course.ts';
import type { Forecast } from './forecast.ts';
import { fullShare, limitsOf } from './projection.ts';

/** Of the rate: nine in ten. */
const quantiles = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95];

/**
 * By how much a later end (epoch ms) raises the probability of full delivery, with the interval that holds nine in ten: what the
 * gain would be if the campaign's rate were known, over the rates that its hours leave possible. Null: there is nothing to fill, or
 * to go by.
 */
export function gainInFullDelivery(
  campaign: ProjectedCampaign,
  delivered: Delivered,
  forecast: Forecast,
  now: number,
  heldBack: boolean,
  endsAt: number,
): Estimate | null {
  const ways = limitsOf(campaign).flatMap(({ unit, total }) => {
    const course = courseOf(campaign, delivered, forecast, now, unit, heldBack);
    return course === null ? [] : [{ course, needed: total * fullShare - doneOf(campaign, delivered, unit) }];
  });
  if (ways.length === 0) return null;
  const gain = (known: (course: Course) => Course) => {
    const full = (at: number) =>
      Math.max(...ways.map(({ course, needed }) => probabilityOf(needed, outcomeAt(known(course), at))));
    return full(endsAt) - full(campaign.endsAt);
  };
  const expected = gain((course) => course);
  const possible = quantiles.map((quantile) => gain((course) => atQuantile(course, quantile)));
  return { expected, low: Math.min(expected, ...possible), high: Math.max(expected, ...possible) };
}

function atQuantile(course: Course, quantile: number): Course {
  const { perHour, hourVariance, rateVariance } = course.rate;
  const known = Math.max(0, perHour + normalQuantile(quantile) * Math.sqrt(rateVariance));
  return { ...course, rate: { perHour: known, hourVariance, rateVariance: 0 } };
}
