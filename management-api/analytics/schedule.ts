import Type, { type Static } from 'typebox';
import { dayNumberOf, dayOf, offsetMs, wallClock } from '../../domain/zone.ts';
import { closed, oneOf } from '../shapes.ts';
import { dayPlus } from './reports/ranges.ts';

export const schedule = closed(
  {
    every: oneOf('hour', 'day', 'week', 'month'),
    at: Type.Optional(
      Type.String({
        pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
        description: 'HH:MM; default 06:00; of an hour only its minute counts',
      }),
    ),
    time_zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'IANA name; default UTC' })),
  },
  { description: 'weeks run on Mondays, months on their first day' },
);

export type Schedule = Static<typeof schedule>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The first run after `now`, epoch ms. A time that the clock skips comes by as much later; one that comes twice, once. */
export function nextRun({ every, at = '06:00', time_zone = 'UTC' }: Schedule, now: number): number {
  const [hours = 6, minutes = 0] = at.split(':').map(Number);
  if (every === 'hour') return nextMinute(minutes, now, time_zone);
  // Yesterday's may come by as much later today.
  for (let day = dayPlus(dayOf(now, time_zone), -1), tries = 0; tries < 40; day = dayPlus(day, 1), tries++) {
    const run = atTime(day, hours * 60 + minutes, time_zone);
    if (run <= now) continue;
    if (every === 'week' && wallClock(run, time_zone).weekday !== 1) continue;
    if (every === 'month' && !day.endsWith('-01')) continue;
    return run;
  }
  throw new Error('a schedule without a next run');
}

/** When the clock on the wall of the zone next shows this minute of an hour. */
function nextMinute(minute: number, now: number, zone: string): number {
  let run = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  while (wallClock(run, zone).minuteOfDay % 60 !== minute) run += MINUTE_MS;
  return run;
}

/** When the wall shows this minute of the day first; where it never does, what the clock of before would have called so. */
function atTime(day: string, minuteOfDay: number, zone: string): number {
  const shown = dayNumberOf(day) * DAY_MS + minuteOfDay * MINUTE_MS;
  const before = shown - offsetMs(shown - DAY_MS, zone);
  const after = shown - offsetMs(shown + DAY_MS, zone);
  const found = [before, after].filter((at) => at + offsetMs(at, zone) === shown);
  return found.length === 0 ? before : Math.min(...found);
}
