import type { Campaign, DimensionName } from '../campaign.ts';
import type { Context } from '../request.ts';
import { clockOf, type DayPart, startDays } from './day-times.ts';
import type { Answer } from './dimension.ts';
import { dimensions } from './dimensions.ts';
import { matchPlaces } from './geo.ts';
import { placesOf, type ReadRule, readRule } from './read-rule.ts';

export type Match = { readonly ok: true } | { readonly ok: false; readonly dimension: DimensionName };

type Mode = 'include' | 'exclude';

const geoDimensions: readonly DimensionName[] = ['geo_countries', 'geo_regions', 'geo_cities', 'geo_dma_codes'];

/**
 * Whether a campaign may be shown at this moment: any one rule must hold, or there is none. If none holds, the answer names the
 * dimension that stopped the rule which got furthest in the order of the list. Written to be plainly right, rule by rule; it is
 * the oracle for anything faster.
 */
export function matchCampaign(campaign: Pick<Campaign, 'targeting' | 'timeZone'>, context: Context): Match {
  let furthest = -1;
  for (const rule of campaign.targeting) {
    const stoppedAt = firstFailure(readRule(rule), context, campaign.timeZone);
    if (stoppedAt === null) return { ok: true };
    furthest = Math.max(furthest, stoppedAt);
  }
  const stopping = dimensions[furthest];
  return stopping === undefined ? { ok: true } : { ok: false, dimension: stopping.name };
}

/** The place in the list of the first dimension that fails, or null if the rule holds. */
function firstFailure(rule: ReadRule, context: Context, zone: string): number | null {
  const failed = new Set<string>(rule.broken);
  for (const name of failedPlaces(rule, context, zone)) failed.add(name);
  for (const name of failedTimes(rule, context, zone)) failed.add(name);
  const coupled = new Set<DimensionName>([...geoDimensions, 'day_parts', 'days_of_week']);
  for (const { name } of dimensions) {
    if (coupled.has(name)) continue;
    if (rule.include.has(name) && answer(rule, 'include', name, context, zone) !== 'yes') failed.add(name);
    if (rule.exclude.has(name) && answer(rule, 'exclude', name, context, zone) === 'yes') failed.add(name);
  }
  const first = dimensions.findIndex(({ name }) => failed.has(name));
  if (first >= 0) return first;
  return failed.size > 0 ? 0 : null;
}

function answer(rule: ReadRule, mode: Mode, name: DimensionName, context: Context, zone: string): Answer {
  const dimension = dimensions.find((one) => one.name === name);
  if (dimension === undefined) return 'unknown';
  const values = rule[mode].get(name) ?? [];
  return mode === 'include' ? dimension.matches(values, context, zone) : dimension.bars(values, context, zone);
}

/** Places are read together: which of them stand depends on which others are listed. */
function failedPlaces(rule: ReadRule, context: Context, zone: string): readonly DimensionName[] {
  const failed: DimensionName[] = [];
  for (const mode of ['include', 'exclude'] as const) {
    const listed = geoDimensions.filter((name) => rule[mode].has(name));
    if (listed.length === 0) continue;
    const found = matchPlaces(placesOf(rule[mode]), context);
    if ((mode === 'include') === (found === 'yes')) continue;
    const level = (name: DimensionName) => answer(rule, mode, name, context, zone) === 'yes';
    const blamed =
      mode === 'include'
        ? (listed.find((name) => !level(name)) ?? listed.at(-1))
        : listed.findLast((name) => level(name));
    if (blamed !== undefined) failed.push(blamed);
  }
  return failed;
}

/** With day-parts included, a day means the day on which the running span began; else the day on the wall. */
function failedTimes(rule: ReadRule, context: Context, zone: string): readonly DimensionName[] {
  const timed = (['day_parts', 'days_of_week'] as const).some(
    (name) => rule.include.has(name) || rule.exclude.has(name),
  );
  if (!timed) return [];
  const failed: DimensionName[] = [];
  const clock = clockOf(context, zone);
  const parts = rule.include.get('day_parts') as readonly DayPart[] | undefined;
  const days = parts === undefined ? [clock.weekday] : startDays(parts, clock);
  if (days.length === 0) failed.push('day_parts');
  const wanted = rule.include.get('days_of_week');
  const unwanted = rule.exclude.get('days_of_week');
  const holds = (day: number) =>
    (wanted === undefined || wanted.includes(day)) && (unwanted === undefined || !unwanted.includes(day));
  if (days.length > 0 && !days.some(holds)) failed.push('days_of_week');
  const refused = rule.exclude.get('day_parts') as readonly DayPart[] | undefined;
  if (refused !== undefined && startDays(refused, clock).length > 0) failed.push('day_parts');
  return failed;
}
