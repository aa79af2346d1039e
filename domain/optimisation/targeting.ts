import type { Condition } from '../campaign.ts';
import { type Share, shareDifference } from '../statistics.ts';
import { type Findings, type HourFigures, isShort, type Recommendation, times } from './recommendation.ts';
import { roomPerDay, within } from './room.ts';

const sampledAtLeast = 200;
const narrow = 0.05;
const startsAtLeast = 50;
/** Twenty-four hours are compared, so that one in a thousand is one in forty for all of them. */
const certainty = 0.999;
const relativeLoss = 0.1;
const shareAtLeast = 0.02;
const shareMost = 0.5;
const otherClocksMost = 0.05;

/** Its targeting lets in few requests, its days have room for more, and one condition is to blame: without it at least twice as many. */
export function narrowTargeting(findings: Findings): readonly Recommendation[] {
  const { campaign, reach, impressionsPerDay } = findings;
  if (!isShort(findings) || reach.sampled < sampledAtLeast || reach.matched >= narrow * reach.sampled) return [];
  const room = roomPerDay(findings);
  if (room === null) return [];
  const [widest] = reach.without.toSorted((a, b) => b.matched - a.matched);
  if (widest === undefined || widest.matched < Math.max(10, 2 * reach.matched)) return [];
  const rules = campaign.targeting.map(({ conditions }, rule) =>
    rule === widest.rule ? conditions.filter((_, condition) => condition !== widest.condition) : conditions,
  );
  const open = rules.some((conditions) => conditions.length === 0);
  // Of as many requests as it meets now it would see this many times more; it need not win them all.
  const now = Math.max(1, reach.matched);
  const spread = 1.645 * Math.sqrt(1 / now + 1 / widest.matched);
  const more = widest.matched / now;
  const effect = {
    expected: more - 1,
    low: Math.max(0, more * Math.exp(-spread) - 1),
    high: more * Math.exp(spread) - 1,
  };
  return [
    {
      kind: 'narrow_targeting',
      campaignId: campaign.id,
      subject: widest.dimension,
      why: `It may stand in ${reach.matched} of ${reach.sampled} requests; without its ${widest.dimension} in ${widest.matched}.`,
      evidence: {
        requests_sampled: reach.sampled,
        requests_matched: reach.matched,
        matched_without: widest.matched,
        dimension: widest.dimension,
      },
      effect: { measure: 'impressions_per_day', ...within(times(effect, impressionsPerDay), room) },
      change: { field: 'targeting', rules: open ? [] : rules },
    },
  ];
}

/**
 * Hours of the day in which its ads are finished clearly less often than in the others: it stays away then. Views are counted by the
 * campaign's clock and day parts go by the viewer's, so that nothing is said where the two differ.
 */
export function wastedDayParts(findings: Findings): readonly Recommendation[] {
  const { campaign, hours, reach } = findings;
  if (reach.onOtherClocks > otherClocksMost * reach.matched) return [];
  const timed = campaign.targeting.some(({ conditions }) => conditions.some((one) => one.dimension === 'day_parts'));
  const views = total(hours, ({ impressions }) => impressions);
  if (timed || views === 0) return [];
  const wasted = hours.filter((hour) => isWasted(hour, hours));
  const lost = total(wasted, ({ impressions }) => impressions);
  if (wasted.length === 0 || lost < shareAtLeast * views || lost > shareMost * views) return [];
  const rest = sumOf(hours.filter((hour) => !wasted.includes(hour)));
  const difference = shareDifference(sumOf(wasted), rest);
  const values = spansOf(wasted.map(({ hour }) => hour));
  const exclude: Condition = { dimension: 'day_parts', mode: 'exclude', values };
  const rules = campaign.targeting.map(({ conditions }) => [...conditions, exclude]);
  const told = values.map(({ start, end }) => `${start} to ${end}`).join(', ');
  return [
    {
      kind: 'wasted_day_parts',
      campaignId: campaign.id,
      subject: told,
      why: `From ${told} its ads are finished clearly less often than at other times.`,
      evidence: {
        impressions_then: lost,
        impressions: views,
        starts_then: sumOf(wasted).trials,
        completes_then: sumOf(wasted).successes,
        starts_else: rest.trials,
        completes_else: rest.successes,
        probability_worse: difference.probabilityLower,
      },
      effect: { measure: 'completion_rate', ...times(difference, -lost / views) },
      change: { field: 'targeting', rules: rules.length === 0 ? [[exclude]] : rules },
    },
  ];
}

function isWasted(hour: HourFigures, hours: readonly HourFigures[]): boolean {
  const rest = sumOf(hours.filter((other) => other !== hour));
  if (hour.trials < startsAtLeast || rest.trials < startsAtLeast) return false;
  const difference = shareDifference(hour, rest);
  return (
    difference.probabilityLower >= certainty && -difference.expected >= (relativeLoss * rest.successes) / rest.trials
  );
}

/** Hours as spans of the day; 23 and 0 stand together. */
function spansOf(hours: readonly number[]): { readonly start: string; readonly end: string }[] {
  const listed = new Set(hours);
  const starts = hours.filter((hour) => !listed.has((hour + 23) % 24));
  return starts.map((start) => {
    let end = (start + 1) % 24;
    while (listed.has(end)) end = (end + 1) % 24;
    return { start: clock(start), end: clock(end) };
  });
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function sumOf(shares: readonly Share[]): Share {
  return { successes: total(shares, (one) => one.successes), trials: total(shares, (one) => one.trials) };
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
