import { clockOf, dayPartSchema, parseDayPart, startDays } from '../day-times.ts';
import { defineDimension } from '../dimension.ts';

export const dayParts = defineDimension({
  name: 'day_parts',
  about: 'time',
  doc: "Spans of the day in the viewer's zone, else the campaign's. A span over midnight belongs to the day on which it starts.",
  example: { start: '06:00', end: '12:00' },
  schema: dayPartSchema,
  lookup: { by: 'time' },
  parse: parseDayPart,
  matches: (parts, context, zone) => (startDays(parts, clockOf(context, zone)).length > 0 ? 'yes' : 'no'),
});
