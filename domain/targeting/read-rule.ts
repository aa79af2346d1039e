import type { DimensionName, TargetingRule } from '../campaign.ts';
import { dimensions } from './dimensions.ts';
import type { ListedCity, ListedPlaces } from './geo.ts';

/** The values of one mode, parsed: one list per dimension. A dimension without values is not there. */
export type Listed = ReadonlyMap<DimensionName, readonly unknown[]>;

/** A rule with its values parsed. `broken`: dimensions with a value that cannot be read. */
export interface ReadRule {
  readonly include: Listed;
  readonly exclude: Listed;
  readonly broken: ReadonlySet<string>;
}

const readRules = new WeakMap<TargetingRule, ReadRule>();
const byName = new Map<string, (typeof dimensions)[number]>(dimensions.map((one) => [one.name, one]));

/** Parses a rule once; the memory of it changes no answer. */
export function readRule(rule: TargetingRule): ReadRule {
  const known = readRules.get(rule);
  if (known !== undefined) return known;
  const read = parseRule(rule);
  readRules.set(rule, read);
  return read;
}

/**
 * Two conditions of one dimension and mode are one list; a condition without values asks for nothing; one with a value that cannot
 * be read fails, in either mode, rather than widen the rule.
 */
export function parseRule(rule: TargetingRule): ReadRule {
  const lists = { include: new Map<DimensionName, unknown[]>(), exclude: new Map<DimensionName, unknown[]>() };
  const broken = new Set<string>();
  for (const { dimension: name, mode, values } of rule.conditions) {
    const dimension = byName.get(name);
    for (const value of values) {
      const parsed = dimension?.parse(value) ?? { problem: 'no such dimension' };
      if ('problem' in parsed) {
        broken.add(name);
        continue;
      }
      const list = lists[mode].get(name);
      if (list === undefined) lists[mode].set(name, [parsed.value]);
      else list.push(parsed.value);
    }
  }
  return { ...lists, broken };
}

/** The places among the values of one mode. */
export function placesOf(listed: Listed): ListedPlaces {
  return {
    countries: (listed.get('geo_countries') ?? []) as readonly string[],
    regions: (listed.get('geo_regions') ?? []) as readonly string[],
    cities: (listed.get('geo_cities') ?? []) as readonly ListedCity[],
    dmas: (listed.get('geo_dma_codes') ?? []) as readonly string[],
  };
}
