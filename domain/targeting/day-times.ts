import type { Context } from '../request.ts';
import { type WallClock, wallClock } from '../zone.ts';
import type { Parsed, ValueSchema } from './dimension.ts';

/** Minutes of the wall clock, the end not included. An end before the start is on the next day. */
export interface DayPart {
  readonly startMinute: number;
  readonly endMinute: number;
}

/** The clock on the viewer's wall, else on the campaign's. */
export function clockOf(context: Context, campaignZone: string): WallClock {
  return wallClock(context.at, context.timeZone ?? campaignZone);
}

/**
 * The weekdays on which the spans now running began: a span over midnight belongs to the day on which it starts. Read off the
 * wall clock, so an hour that daylight saving repeats is in its span twice, and one that it skips never comes.
 */
export function startDays(parts: readonly DayPart[], clock: WallClock): readonly number[] {
  const today = clock.weekday;
  const yesterday = today === 1 ? 7 : today - 1;
  const now = clock.minuteOfDay;
  return parts.flatMap(({ startMinute, endMinute }) => {
    if (startMinute < endMinute) return startMinute <= now && now < endMinute ? [today] : [];
    if (now >= startMinute) return [today];
    return now < endMinute ? [yesterday] : [];
  });
}

const time = { type: 'string', pattern: '^\\d{2}:[0-5]\\d$' };
export const dayPartSchema: ValueSchema = {
  type: 'object',
  required: ['start', 'end'],
  properties: { start: time, end: time },
  additionalProperties: false,
};

/** {"start":"22:00","end":"02:00"}; the end may be "24:00". Equal times are refused: a whole day is 00:00 to 24:00. */
export function parseDayPart(value: unknown): Parsed<DayPart> {
  const expected = { problem: 'expected {"start":"HH:MM","end":"HH:MM"}, from 00:00 to 24:00' };
  if (typeof value !== 'object' || value === null) return expected;
  const { start, end } = value as { start?: unknown; end?: unknown };
  const startMinute = parseMinute(start);
  const endMinute = parseMinute(end);
  if (startMinute === null || endMinute === null || startMinute === 1440) return expected;
  if (startMinute === endMinute) return { problem: 'start and end are equal; a whole day is 00:00 to 24:00' };
  return { value: { startMinute, endMinute } };
}

function parseMinute(text: unknown): number | null {
  const found = typeof text === 'string' ? /^(\d{2}):([0-5]\d)$/.exec(text) : null;
  if (found === null) return null;
  const minute = Number(found[1]) * 60 + Number(found[2]);
  return minute <= 1440 ? minute : null;
}
