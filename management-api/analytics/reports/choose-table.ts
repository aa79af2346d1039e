import { offsetMs } from '../../../domain/zone.ts';
import { dimensions } from '../dimensions.ts';
import { type Source, sourceOf } from '../measures.ts';
import type { Report } from './report.ts';

export interface Table {
  readonly name: string;
  readonly source: Source;
  readonly kind: 'roll-up' | 'raw' | 'adjustments';
  readonly alias: 'r' | 'b' | 'o' | 's' | 'j';
  /** Its column of time. */
  readonly column: 'minute' | 'hour' | 'day' | 'at';
  /** That time as a DateTime. */
  readonly at: string;
  /** Some of it stands beside the served ad. */
  readonly served: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The coarsest roll-up that can say it exactly; raw rows for what no roll-up has. */
export function chooseTable(report: Report): Table {
  const source = sourceOf(report.measures[0] ?? 'impressions');
  const names = [...report.dimensions, ...report.filters.map(({ dimension }) => dimension)];
  const places = new Set(names.map((name) => dimensions[name][source]));
  if (places.has('raw') || places.has('served')) {
    const name = source === 'delivery' ? 'breakwater.beacons' : 'breakwater.requests';
    return { name, source, kind: 'raw', alias: 'b', column: 'minute', at: 'b.minute', served: places.has('served') };
  }
  const column = grainOf(report);
  const family = source === 'delivery' ? 'delivery' : 'request';
  return {
    name: `breakwater.${family}_${column}s`,
    source,
    kind: 'roll-up',
    alias: 'r',
    column,
    at: column === 'day' ? "toDateTime(r.day, 'UTC')" : `r.${column}`,
    served: false,
  };
}

function grainOf(report: Report): Table['column'] {
  const edges = [report.from, report.to, ...(report.previous ? [report.previous.from, report.previous.to] : [])];
  const clocked = [...report.dimensions, ...report.filters.map(({ dimension }) => dimension)].some(
    (name) => 'clock' in dimensions[name],
  );
  const begins = Math.min(...edges);
  const offsets = offsetsIn(report.zone, begins, Math.max(...edges));
  const shiftsByHours = report.previous === null || (report.to - report.from) % HOUR_MS === 0;
  if (
    edges.every((edge) => edge % DAY_MS === 0) &&
    !clocked &&
    (report.granularity === 'none' ||
      (report.granularity !== 'hour' && report.granularity !== 'minute' && offsets.every((offset) => offset === 0)))
  )
    return 'day';
  const byClock = clocked || report.granularity !== 'none';
  if (
    edges.every((edge) => edge % HOUR_MS === 0) &&
    report.granularity !== 'minute' &&
    (!byClock || (shiftsByHours && offsets.every((offset) => offset % HOUR_MS === 0)))
  )
    return 'hour';
  return 'minute';
}

/** Offsets that the zone has between two instants; it holds each for a day at the least. */
function offsetsIn(zone: string, from: number, to: number): readonly number[] {
  const found = new Set<number>();
  for (let at = from; at < to; at += DAY_MS) found.add(offsetMs(at, zone));
  found.add(offsetMs(to, zone));
  return [...found];
}
