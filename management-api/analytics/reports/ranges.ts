import { dayNumberOf, dayOf, startOfDay, wallClock } from '../../../domain/zone.ts';

/** Times that move on, in whole days of a zone; `today` ends with the minute that has begun. */
export const rangeNames = [
  'today',
  'yesterday',
  'last_7_days',
  'last_30_days',
  'this_week',
  'last_week',
  'this_month',
  'last_month',
] as const;

export type RangeName = (typeof rangeNames)[number];

const DAY_MS = 86_400_000;

export function rangeOf(name: RangeName, now: number, zone: string): { readonly from: number; readonly to: number } {
  const today = dayOf(now, zone);
  const soon = (Math.floor(now / 60_000) + 1) * 60_000;
  const start = (day: string) => startOfDay(day, zone);
  const back = (days: number) => dayPlus(today, -days);
  const monday = dayPlus(today, 1 - wallClock(now, zone).weekday);
  const first = `${today.slice(0, 7)}-01`;
  const firstBefore = `${dayPlus(first, -1).slice(0, 7)}-01`;
  switch (name) {
    case 'today':
      return { from: start(today), to: soon };
    case 'yesterday':
      return { from: start(back(1)), to: start(today) };
    case 'last_7_days':
      return { from: start(back(7)), to: start(today) };
    case 'last_30_days':
      return { from: start(back(30)), to: start(today) };
    case 'this_week':
      return { from: start(monday), to: soon };
    case 'last_week':
      return { from: start(dayPlus(monday, -7)), to: start(monday) };
    case 'this_month':
      return { from: start(first), to: soon };
    case 'last_month':
      return { from: start(firstBefore), to: start(first) };
  }
}

/**
 * The time before: as many days of the calendar where both ends begin a day of the zone, so that a day of 23 hours is
 * held against a whole one; else exactly as long.
 */
export function previousOf(
  from: number,
  to: number,
  zone: string,
): { readonly from: number; readonly to: number; readonly days: number | null } {
  const [first, last] = [dayOf(from, zone), dayOf(to, zone)];
  if (startOfDay(first, zone) !== from || startOfDay(last, zone) !== to || to <= from) {
    return { from: from - (to - from), to: from, days: null };
  }
  const days = dayNumberOf(last) - dayNumberOf(first);
  return { from: startOfDay(dayPlus(first, -days), zone), to: from, days };
}

export function dayPlus(day: string, days: number): string {
  return new Date((dayNumberOf(day) + days) * DAY_MS).toISOString().slice(0, 10);
}
