/** Wall-clock time in a zone. Pure: the answer depends on the arguments alone; formatters are kept because building one is dear. */

export interface WallClock {
  /** YYYY-MM-DD */
  readonly day: string;
  /** Monday = 1 … Sunday = 7. */
  readonly weekday: number;
  /** 0 to 1439, as the clock on the wall shows it. */
  readonly minuteOfDay: number;
}

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  /** The quarter asked for last, and what was answered: most questions are about now. */
  quarter: number;
  offsetMs: number;
  /** Quarter -> offset, of the quarters asked for of late: today's and tomorrow's midnight among them. */
  readonly known: Map<number, number>;
}

const quarterMs = 15 * 60_000;
const hourMs = 60 * 60_000;
const dayMs = 86_400_000;
const quartersKept = 256;
const zones = new Map<string, Zone>();
const canonicalNames = new Map<string, string | null>();

/** What the platform names beside IANA's zones (SystemV/AST4) nobody else knows, the warehouse neither. */
const ianaNames: ReadonlySet<string> = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);

/** The IANA name that stands for all its aliases ("US/Eastern" is "America/New_York"), or null if it names no zone. */
export function canonicalZone(name: string): string | null {
  const known = canonicalNames.get(name);
  if (known !== undefined) return known;
  const found = /^[A-Za-z]/.test(name) ? resolve(name) : null;
  const canonical = found !== null && (ianaNames.has(found) || /^Etc\/GMT[+-]\d+$/.test(found)) ? found : null;
  if (canonicalNames.size < 2_000) canonicalNames.set(name, canonical);
  return canonical;
}

/** Whether a clock can be read there: true also of zones that are no longer taken. */
export function isReadableZone(name: string): boolean {
  return canonicalZone(name) !== null || resolve(name) !== null;
}

function resolve(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What the wall shows at an instant (epoch ms). Throws RangeError for an unknown zone. */
export function wallClock(at: number, zone: string): WallClock {
  const local = at + offsetMs(at, zone);
  const dayNumber = Math.floor(local / dayMs);
  return {
    day: new Date(dayNumber * dayMs).toISOString().slice(0, 10),
    weekday: weekdayOf(dayNumber),
    minuteOfDay: Math.floor((local - dayNumber * dayMs) / 60_000),
  };
}

/** The calendar day at an instant, YYYY-MM-DD. */
export function dayOf(at: number, zone: string): string {
  return wallClock(at, zone).day;
}

/** Whether two zones show the same time at an instant and in each season of the year after it. */
export function isSameClock(one: string, other: string, at: number): boolean {
  return [0, 91, 182, 273].every((days) => offsetMs(at + days * dayMs, one) === offsetMs(at + days * dayMs, other));
}

/** Whether hours on the wall begin with those of UTC, between two moments with at most one change of the clock. */
export function hasWholeHours(zone: string, from: number, to: number): boolean {
  return [from, to].every((at) => offsetMs(at, zone) % hourMs === 0);
}

/** Days since 1970-01-01 of a calendar day: differences count calendar days whatever their length in hours. */
export function dayNumberOf(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / dayMs);
}

/** The first instant (epoch ms) of a calendar day; of the next that exists, where a zone skipped the day. */
export function startOfDay(day: string, zone: string): number {
  const midnight = dayNumberOf(day) * dayMs;
  const offsets = [offsetMs(midnight - dayMs, zone), offsetMs(midnight, zone), offsetMs(midnight + dayMs, zone)];
  const starts = offsets.map((offset) => midnight - offset).filter((at) => dayOf(at, zone) >= day);
  return Math.min(...starts);
}

/** The first instant of the day after the one that `at` falls on. */
export function endOfDay(at: number, zone: string): number {
  const next = new Date((dayNumberOf(dayOf(at, zone)) + 1) * dayMs).toISOString().slice(0, 10);
  return startOfDay(next, zone);
}

/** 1970-01-01 was a Thursday (4). */
function weekdayOf(dayNumber: number): number {
  return ((((dayNumber + 3) % 7) + 7) % 7) + 1;
}

/** Local minus UTC. Since 1973 every zone has changed at a quarter of an hour, so one answer holds for the whole quarter. */
export function offsetMs(at: number, name: string): number {
  if (name === 'UTC') return 0;
  const zone = zoneOf(name);
  const quarter = Math.floor(at / quarterMs);
  if (zone.quarter === quarter) return zone.offsetMs;
  let offset = zone.known.get(quarter);
  if (offset === undefined) {
    offset = readOffset(quarter * quarterMs, zone.formatter);
    if (zone.known.size >= quartersKept) zone.known.clear();
    zone.known.set(quarter, offset);
  }
  zone.quarter = quarter;
  zone.offsetMs = offset;
  return offset;
}

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const zone: Zone = { formatter, quarter: Number.NaN, offsetMs: 0, known: new Map() };
  zones.set(name, zone);
  return zone;
}

function readOffset(at: number, formatter: Intl.DateTimeFormat): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatter.formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}
