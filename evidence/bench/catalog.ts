import type { Condition, DimensionName, TargetingRule } from '../../domain/campaign.ts';
import type { Context } from '../../domain/request.ts';
import { normaliseContext } from '../../domain/targeting/context.ts';
import type { Targeted } from '../../domain/targeting/index/targeting-index.ts';

const countries = ['US', 'US', 'US', 'CA', 'GB', 'FR', 'DE', 'BR', 'MX', 'JP'];
const zones = ['America/New_York', 'America/Los_Angeles', 'Europe/Berlin', 'UTC'];
const cities = 10_000;

/** A small seeded generator (Lehmer, 48271): whole numbers below n. */
export function seeded(seed: number): (n: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (n) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % n;
  };
}

/** What makes a catalog hard. */
export interface Shape {
  /** Alternative rules of each campaign. */
  readonly clauses: 1 | 2;
  /** A quarter of the rules list up to 30 of 10,000 cities; else all list countries. */
  readonly cities: boolean;
}

export const plainShape: Shape = { clauses: 1, cities: false };
export const hardShape: Shape = { clauses: 2, cities: true };

/** Campaigns whose rules each ask of all of twelve dimensions, some as excludes. */
export function generateCampaigns(count: number, seed: number, shape: Shape = hardShape): Targeted[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, index) => ({
    id: `campaign-${String(index).padStart(7, '0')}`,
    timeZone: zones[draw(zones.length)] ?? 'UTC',
    targeting: ['one', 'other'].slice(0, shape.clauses).map((id) => generateRule(draw, id, shape)),
  }));
}

function generateRule(draw: (n: number) => number, id: string, shape: Shape): TargetingRule {
  const names = (prefix: string, of: number, most: number) =>
    Array.from({ length: 1 + draw(most) }, () => `${prefix}${draw(of)}`);
  const listed: readonly (readonly [DimensionName, readonly unknown[]])[] = [
    shape.cities && draw(4) === 0
      ? ['geo_cities', names('city ', cities, 30)]
      : ['geo_countries', Array.from({ length: 1 + draw(3) }, () => countries[draw(countries.length)])],
    ['device_types', names('type ', 6, 4)],
    ['os_types', names('os ', 8, 5)],
    ['device_brands', names('brand ', 30, 15)],
    ['content_categories', names('category ', 40, 15)],
    ['content_genres', names('genre ', 20, 10)],
    ['content_ratings', names('rating ', 6, 5)],
    ['age_ranges', [{ min: 10 * draw(5), max: 50 + 10 * draw(6) }]],
    ['gender', draw(2) === 0 ? ['all'] : [draw(2) === 0 ? 'male' : 'female']],
    ['household_income', [{ min: 10_000 * draw(6), max: 60_000 + 10_000 * draw(14) }]],
    ['day_parts', [{ start: `0${draw(10)}:${draw(2) === 0 ? '00' : '30'}`, end: `${12 + draw(12)}:00` }]],
    ['days_of_week', Array.from({ length: 1 + draw(7) }, () => 1 + draw(7))],
  ];
  return {
    id,
    conditions: listed.map(([dimension, values], at): Condition => {
      const excluded = at > 0 && at < 8 && draw(6) === 0;
      return { dimension, mode: excluded ? 'exclude' : 'include', values };
    }),
  };
}

export function generateContexts(count: number, seed: number): Context[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, () =>
    normaliseContext(
      {
        geo: { country: countries[draw(countries.length)], city: `city ${draw(cities)}` },
        device: { type: `type ${draw(6)}`, os: `os ${draw(8)}`, brand: `brand ${draw(30)}` },
        content: { category: `category ${draw(40)}`, genre: `genre ${draw(20)}`, rating: `rating ${draw(6)}` },
        user: {
          age: draw(90),
          gender: draw(2) === 0 ? 'male' : 'female',
          household_income: draw(150_000),
          ...(draw(4) === 0 ? {} : { time_zone: zones[draw(zones.length)] }),
        },
      },
      Date.UTC(2026, 2, 1) + draw(14 * 86_400) * 1_000,
    ),
  );
}
