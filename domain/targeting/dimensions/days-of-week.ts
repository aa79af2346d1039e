import { clockOf } from '../day-times.ts';
import { defineDimension, type Parsed } from '../dimension.ts';

export const daysOfWeek = defineDimension({
  name: 'days_of_week',
  about: 'time',
  doc: "Days in the viewer's zone, else the campaign's; Monday is 1. With day-parts: the days on which a span starts.",
  example: 1,
  schema: { type: 'integer', minimum: 1, maximum: 7 },
  lookup: { by: 'time' },
  parse: parseDay,
  matches: (days, context, zone) => (days.includes(clockOf(context, zone).weekday) ? 'yes' : 'no'),
});

function parseDay(value: unknown): Parsed<number> {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 7) return { value };
  return { problem: 'expected a day from 1 (Monday) to 7 (Sunday)' };
}
