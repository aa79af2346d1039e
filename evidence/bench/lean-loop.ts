import type { Context } from '../../domain/request.ts';
import { dimensions } from '../../domain/targeting/dimensions.ts';
import { keysOfPlace, keysOfPlaces } from '../../domain/targeting/geo.ts';
import { minuteOfWeek, scheduleOf } from '../../domain/targeting/index/schedule.ts';
import type { Targeted } from '../../domain/targeting/index/targeting-index.ts';
import { type Listed, parseRule, placesOf, type ReadRule } from '../../domain/targeting/read-rule.ts';
import { wallClock } from '../../domain/zone.ts';

type Check = (context: Context, keys: readonly string[], minuteIn: (zone: string) => number) => boolean;

export interface LeanLoop {
  match(context: Context): Targeted[];
  /** Takes a campaign in, in place of the one at this place of the list. */
  put(at: number, campaign: Targeted): void;
}

/**
 * The fastest plain loop that comes to mind: every campaign, every rule, its conditions prepared as sets and numbers, the first that
 * fails ends the rule. A harder baseline than the plain matcher, which is written to be plainly right.
 */
export function leanLoop(campaigns: readonly Targeted[]): LeanLoop {
  const prepareAll = (campaign: Targeted) => ({
    campaign,
    rules: campaign.targeting.map((rule) => prepare(parseRule(rule), campaign.timeZone)),
  });
  const prepared = campaigns.map(prepareAll);
  const match = (context: Context) => {
    const keys = keysOfPlace(context);
    const minutes = new Map<string, number>();
    const minuteIn = (zone: string) => {
      const name = context.timeZone ?? zone;
      const known = minutes.get(name);
      if (known !== undefined) return known;
      const minute = minuteOfWeek(wallClock(context.at, name));
      minutes.set(name, minute);
      return minute;
    };
    const matched: Targeted[] = [];
    for (const { campaign, rules } of prepared) {
      for (const checks of rules) {
        if (!holds(checks, context, keys, minuteIn)) continue;
        matched.push(campaign);
        break;
      }
    }
    return matched;
  };
  const put = (at: number, campaign: Targeted) => {
    prepared[at] = prepareAll(campaign);
  };
  return { match, put };
}

function holds(checks: readonly Check[], ...moment: Parameters<Check>): boolean {
  for (const check of checks) if (!check(...moment)) return false;
  return true;
}

function prepare(rule: ReadRule, zone: string): Check[] {
  const checks: Check[] = [];
  const placed = (listed: Listed, wanted: boolean) => {
    const keys = new Set(keysOfPlaces(placesOf(listed)));
    if (keys.size > 0) checks.push((_, asked) => asked.some((key) => keys.has(key)) === wanted);
  };
  placed(rule.include, true);
  placed(rule.exclude, false);
  for (const { name, lookup } of dimensions) {
    for (const [listed, wanted] of [
      [rule.include.get(name), true] as const,
      [rule.exclude.get(name), false] as const,
    ]) {
      if (listed === undefined) continue;
      if (lookup.by === 'name' && !(wanted && listed.includes(lookup.everybody))) {
        const names = new Set(listed as readonly string[]);
        const asked = (context: Context) =>
          wanted ? lookup.read(context) : [...lookup.read(context), ...lookup.doubt(context)];
        checks.push((context) => asked(context).some((one) => names.has(one)) === wanted);
      }
      if (lookup.by === 'range') {
        const ranges = listed as readonly { readonly min: number | null; readonly max: number | null }[];
        checks.push((context) => {
          const value = lookup.read(context);
          if (value === null) return !wanted;
          return ranges.some(({ min, max }) => value >= (min ?? 0) && value <= (max ?? value)) === wanted;
        });
      }
    }
  }
  const schedule = scheduleOf(rule);
  if (schedule !== null) {
    checks.push((_context, _keys, minuteIn) => {
      const minute = minuteIn(zone);
      return schedule.some(({ from, to }) => from <= minute && minute < to);
    });
  }
  return checks;
}
