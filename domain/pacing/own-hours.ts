import type { Campaign, Condition } from '../campaign.ts';
import { scheduleOf } from '../targeting/index/schedule.ts';
import { readRule } from '../targeting/read-rule.ts';
import { offsetMs } from '../zone.ts';
import { type Forecast, scaled, trafficBetween } from './forecast.ts';

export type TimedCampaign = Pick<Campaign, 'targeting' | 'timeZone' | 'startsAt' | 'endsAt'>;

const hourMinutes = 60;
const hoursOfDay = 24;
const hoursOfWeek = 7 * hoursOfDay;
const weekMinutes = hoursOfWeek * hourMinutes;
/** Of what its best hour showed: less is a few viewers far away, or beacons that came late. */
const shownAtLeast = 0.1;

/** Whether it has hours of its own: every rule asks for a time. Rules are not read for it, as what is read of them is kept. */
export function hasOwnHours({ targeting }: Pick<Campaign, 'targeting'>): boolean {
  return targeting.length > 0 && targeting.every(({ conditions }) => conditions.some(isOfTime));
}

function isOfTime({ dimension, values }: Condition): boolean {
  return (dimension === 'day_parts' || dimension === 'days_of_week') && values.length > 0;
}

/**
 * The forecast of the traffic that a campaign's own hours let in: each hour of the week counts by the share of it in which one of
 * the rules can hold by day parts and days, on the clock at `at` (epoch ms) of the rule's time zones, else of the campaign's. Viewers
 * go by their own clocks: `shown` has the impressions by hour of the day in UTC (24 numbers), and hours that are the campaign's on no
 * day and show as much as others count too, within a day of its own. The forecast itself where it has no hours of its own, or none comes in its flight.
 */
export function ownTraffic(
  campaign: TimedCampaign,
  forecast: Forecast,
  at: number,
  shown: readonly number[] = [],
): Forecast {
  if (!hasOwnHours(campaign)) return forecast;
  const shares = sharesOf(campaign, at);
  const least = shownAtLeast * Math.max(1, ...shown);
  // What is shown at an hour that is its own on some day says nothing of other days.
  const isOwn = (hour: number) => shares.some((share, own) => share > 0 && (own - hour) % hoursOfDay === 0);
  const isOther = (hour: number) => (shown[hour % hoursOfDay] ?? 0) >= least && !isOwn(hour) && isNear(shares, hour);
  const own = scaled(forecast, (hour) => shares[hour] || Number(isOther(hour)));
  return own !== null && trafficBetween(own, campaign.startsAt, campaign.endsAt) > 0 ? own : forecast;
}

/** Of each hour of the week in UTC, Monday 00:00 first, the share that is the campaign's own. */
function sharesOf({ targeting, timeZone }: TimedCampaign, at: number): readonly number[] {
  const week = new Uint8Array(weekMinutes);
  for (const rule of targeting) {
    const { include, broken } = readRule(rule);
    if (broken.size > 0) continue;
    for (const zone of (include.get('time_zones') as readonly string[] | undefined) ?? [timeZone]) {
      const ahead = offsetMs(at, zone) / 60_000;
      for (const { from, to } of scheduleOf(readRule(rule)) ?? []) fill(week, from - ahead, to - ahead);
    }
  }
  return Array.from({ length: hoursOfWeek }, (_, hour) => {
    let minutes = 0;
    for (let minute = hour * hourMinutes; minute < (hour + 1) * hourMinutes; minute++) minutes += week[minute] ?? 0;
    return minutes / hourMinutes;
  });
}

/** What is before the week's beginning is at its end, and the other way round. */
function fill(week: Uint8Array, from: number, to: number): void {
  for (const away of [-weekMinutes, 0, weekMinutes]) week.fill(1, Math.max(0, from + away), Math.max(0, to + away));
}

function isNear(shares: readonly number[], hour: number): boolean {
  const at = (away: number) => shares[(hour + away + hoursOfWeek) % hoursOfWeek] ?? 0;
  for (let away = -hoursOfDay; away <= hoursOfDay; away++) if (at(away) > 0) return true;
  return false;
}
