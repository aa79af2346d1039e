import type { DayPart } from '../day-times.ts';
import type { ReadRule } from '../read-rule.ts';
import type { Interval } from './interval-column.ts';

const dayMinutes = 1_440;
const weekMinutes = 7 * dayMinutes;
const everyDay = [1, 2, 3, 4, 5, 6, 7];

/** The minute of the week on the wall: 0 is Monday 00:00. */
export function minuteOfWeek({ weekday, minuteOfDay }: { weekday: number; minuteOfDay: number }): number {
  return (weekday - 1) * dayMinutes + minuteOfDay;
}

/**
 * The minutes of the week at which a rule's day-parts and days hold, ascending and apart; null: it asks for no time. With day-parts
 * included a day means the day on which the span began, else the day on the wall.
 */
export function scheduleOf({ include, exclude }: ReadRule): readonly Interval[] | null {
  const parts = include.get('day_parts') as readonly DayPart[] | undefined;
  const refused = exclude.get('day_parts') as readonly DayPart[] | undefined;
  const wanted = include.get('days_of_week');
  const unwanted = exclude.get('days_of_week');
  if (!parts && !refused && !wanted && !unwanted) return null;
  const days = everyDay.filter((day) => (wanted?.includes(day) ?? true) && !(unwanted?.includes(day) ?? false));
  const open = spans(parts ?? [{ startMinute: 0, endMinute: dayMinutes }], days);
  return subtract(open, spans(refused ?? [], everyDay));
}

/** What the parts that begin on these days cover, joined. */
function spans(parts: readonly DayPart[], days: readonly number[]): readonly Interval[] {
  const cut: Interval[] = [];
  for (const { startMinute, endMinute } of parts) {
    for (const day of days) {
      const from = (day - 1) * dayMinutes + startMinute;
      const to = (day - 1) * dayMinutes + endMinute + (startMinute < endMinute ? 0 : dayMinutes);
      cut.push({ from, to: Math.min(to, weekMinutes) });
      if (to > weekMinutes) cut.push({ from: 0, to: to - weekMinutes });
    }
  }
  cut.sort((a, b) => a.from - b.from);
  const joined: Interval[] = [];
  for (const one of cut) {
    const last = joined.at(-1);
    if (last !== undefined && one.from <= last.to) {
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, one.to) };
    } else joined.push(one);
  }
  return joined;
}

function subtract(from: readonly Interval[], taken: readonly Interval[]): readonly Interval[] {
  return taken.reduce<readonly Interval[]>(
    (left, hole) =>
      left.flatMap((one) =>
        [
          { from: one.from, to: Math.min(one.to, hole.from) },
          { from: Math.max(one.from, hole.to), to: one.to },
        ].filter(({ from: start, to }) => start < to),
      ),
    from,
  );
}
