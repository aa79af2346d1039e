import fc from 'fast-check';
import { type DimensionName, dimensionNames, dimensions } from '../../management-api/analytics/dimensions.ts';
import {
  counted,
  countsOf,
  type MeasureName,
  measureNames,
  sourceOf,
} from '../../management-api/analytics/measures.ts';
import type { ReportQuestion } from '../../management-api/analytics/reports/shape.ts';

/** What a run holds: when, and which values of each dimension. */
export interface Spread {
  readonly from: number;
  readonly to: number;
  readonly values: ReadonlyMap<string, readonly (string | number)[]>;
}

/** Halves and quarters of an hour, changes at midnight, both hemispheres, and one that never changes. */
export const zones = [
  'UTC',
  'America/New_York',
  'Europe/Paris',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Havana',
  'Pacific/Auckland',
  'America/St_Johns',
];

/** Texts that would be something else if they ever stood in a statement. */
const hostileTexts = [
  `') OR 1=1 --`,
  `'; DROP TABLE breakwater.beacons; --`,
  `\\') UNION ALL SELECT * FROM file('/etc/passwd') --`,
  `{p0:String}`,
  '`advertiser`',
  `=cmd|' /C calc'!A0`,
  `merge('breakwater', '.*')`,
  `US') SETTINGS readonly = 0 --`,
  '\u2028\t"quoted"\n',
];

export interface Drawn {
  readonly question: ReportQuestion;
  readonly hostile: string | null;
  readonly asFile: boolean;
}

const HOUR_MS = 3_600_000;
/** More than any report of a run has. */
export const ALL_ROWS = 100_000;

export function questionsOver(spread: Spread): fc.Arbitrary<Drawn> {
  return fc
    .constantFrom('delivery' as const, 'delivery' as const, 'delivery' as const, 'inventory' as const)
    .chain((source) => {
      const known = measureNames.filter((name) => sourceOf(name) === source);
      // Adjustments are few, and most filters know nothing of them.
      const rare = known.filter((name) => countsOf(name).some((one) => 'adjustment' in counted[one]));
      const measures = [...known, ...rare, ...rare, ...rare];
      const usable = dimensionNames.filter((name) => dimensions[name][source] !== null);
      return fc
        .record({
          measures: fc.uniqueArray(fc.constantFrom(...measures), { minLength: 1, maxLength: 5 }),
          dimensions: fc.uniqueArray(fc.constantFrom(...usable), { maxLength: 3 }),
          granularity: fc.constantFrom(
            'none' as const,
            'none' as const,
            'minute' as const,
            'hour' as const,
            'day' as const,
            'week' as const,
            'month' as const,
          ),
          zone: fc.constantFrom(...zones),
          period: periodOver(spread),
          compare: fc.constantFrom(false, false, true),
          filters: fc.array(filterOver(usable, spread), { maxLength: 2 }),
          hostile: fc.option(fc.constantFrom(...hostileTexts), { freq: 5 }),
          ordered: fc.option(fc.constantFrom('asc' as const, 'desc' as const)),
          asFile: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
          bound: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: boundOver(measures) }),
          limit: fc.constantFrom(1, 7, ALL_ROWS, ALL_ROWS, ALL_ROWS),
        })
        .map(({ zone, period, compare, filters, hostile, ordered, asFile, bound, ...rest }) => {
          const text = usable.find((name) => dimensions[name].type === 'text') ?? 'country';
          const all =
            hostile === null ? filters : [...filters, { dimension: text, mode: 'exclude' as const, values: [hostile] }];
          const question: ReportQuestion = {
            ...rest,
            time_zone: zone,
            from: new Date(period.from).toISOString(),
            to: new Date(period.to).toISOString(),
            filters: all,
            ...(bound === null ? {} : { having: [bound] }),
            ...(compare ? { compare: 'previous_period' as const } : {}),
            ...(ordered === null ? {} : { order_by: rest.measures[0] ?? 'impressions', order: ordered }),
          };
          return { question, hostile, asFile };
        });
    });
}

/** Whole minutes, hours or days around what there is, some of them beside it. */
function periodOver({ from, to }: Spread): fc.Arbitrary<{ from: number; to: number }> {
  return fc
    .record({
      step: fc.constantFrom(60_000, HOUR_MS, 24 * HOUR_MS),
      a: fc.double({ min: -0.2, max: 1, noNaN: true }),
      length: fc.double({ min: 0, max: 1.2, noNaN: true }),
    })
    .map(({ step, a, length }) => {
      const start = Math.floor((from + (to - from) * a) / step) * step;
      const end = Math.ceil((start + (to - from) * length) / step) * step;
      return { from: start, to: Math.max(end, start + step) };
    });
}

/** Also of measures that are no columns of the report. */
function boundOver(measures: readonly MeasureName[]) {
  const bound = fc.constantFrom(0, 0.1, 1, 3, 20, 50_000);
  return fc.oneof(
    fc.record({ measure: fc.constantFrom(...measures), at_least: bound }),
    fc.record({ measure: fc.constantFrom(...measures), at_most: bound }),
  );
}

function filterOver(usable: readonly DimensionName[], { values }: Spread) {
  return fc.constantFrom(...usable).chain((dimension) => {
    const known: readonly (string | number)[] =
      dimension === 'hour_of_day'
        ? Array.from({ length: 24 }, (_, n) => n)
        : dimension === 'day_of_week'
          ? [1, 2, 3, 4, 5, 6, 7]
          : (values.get(dimension) ?? []);
    const drawn: fc.Arbitrary<(string | number)[]> =
      known.length === 0
        ? fc.constant([dimensions[dimension].type === 'number' ? 1 : 'none'])
        : fc.uniqueArray(fc.constantFrom(...known), { minLength: 1, maxLength: 5 });
    return fc.record({
      dimension: fc.constant(dimension),
      mode: fc.constantFrom('include' as const, 'include' as const, 'exclude' as const),
      values: drawn,
    });
  });
}
