import type { Granularity } from './report.ts';

/** Parameters that move a bucket from the period before into this one; null: it stays. */
export type Shift = { readonly days: string } | { readonly seconds: string } | null;

/**
 * Group keys for the instant `at` (SQL, a DateTime): hours and minutes as their number on the wall clock beside the zone's
 * offset, so that the hour that comes twice is two; days, weeks and months as dates of the zone.
 */
export function timeKeys(granularity: Granularity, at: string, shift: Shift): readonly string[] {
  if (granularity === 'none') return [];
  const moved = shift !== null && 'seconds' in shift ? `(${at} + ${shift.seconds})` : at;
  if (granularity === 'minute' || granularity === 'hour') {
    const instant = shift !== null && 'days' in shift ? `(${at} + ${shift.days} * 86400)` : moved;
    const offset = `timeZoneOffset(toTimeZone(${instant}, {zone:String}))`;
    const seconds = granularity === 'minute' ? 60 : 3600;
    return [
      `intDiv(toInt64(toUnixTimestamp(${instant})) + ${offset}, ${seconds}) AS k_number`,
      `${offset} AS k_offset`,
    ];
  }
  const date = `toDate(${moved}, {zone:String})`;
  const day = shift !== null && 'days' in shift ? `addDays(${date}, ${shift.days})` : date;
  if (granularity === 'day') return [`${day} AS k_date`];
  return [`${granularity === 'week' ? 'toMonday' : 'toStartOfMonth'}(${day}) AS k_date`];
}

/** What buckets follow each other by: where clocks go back east of Greenwich, the hour that came first is the later text. */
export function timeOrder(granularity: Granularity): string {
  if (granularity !== 'minute' && granularity !== 'hour') return 'time';
  return `k_number * ${granularity === 'minute' ? 60 : 3600} - k_offset`;
}

/** The bucket as text: 2026-11-01T01:00:00-04:00, or 2026-11-01 for days, weeks (their Monday) and months (their first). */
export function timeText(granularity: Granularity): string {
  if (granularity !== 'minute' && granularity !== 'hour') return 'toString(k_date)';
  const seconds = granularity === 'minute' ? 60 : 3600;
  const two = (number: string) => `leftPad(toString(${number}), 2, '0')`;
  return `concat(formatDateTime(toDateTime(k_number * ${seconds}, 'UTC'), '%Y-%m-%dT%H:%i:%S'), if(k_offset < 0, '-', '+'), ${two('intDiv(abs(k_offset), 3600)')}, ':', ${two('intDiv(abs(k_offset), 60) % 60')})`;
}
