import { Problem } from '../../engines/http/problem.ts';
import type { ManagementParts } from '../parts.ts';
import type { DimensionName } from './dimensions.ts';
import type { MeasureName } from './measures.ts';
import { compile } from './reports/compile.ts';
import type { Granularity, Report } from './reports/report.ts';
import { type Row, rowsOf } from './reports/run.ts';

const everything: readonly MeasureName[] = [
  'impressions',
  'starts',
  'first_quartiles',
  'midpoints',
  'third_quartiles',
  'completes',
  'clicks',
  'skips',
  'errors',
  'spend_micros',
  'adjusted_impressions',
  'adjusted_micros',
  'payable_micros',
  'reach',
  'frequency',
  'ctr',
  'vtr',
  'completion_rate',
  'error_rate',
  'ecpm_micros',
  'gross',
  'duplicates',
  'late',
  'invalid',
  'net',
  'gross_impressions',
  'duplicate_impressions',
  'late_impressions',
  'invalid_impressions',
];

const usual: readonly MeasureName[] = [
  'impressions',
  'starts',
  'completes',
  'clicks',
  'errors',
  'spend_micros',
  'reach',
  'ctr',
  'vtr',
  'completion_rate',
];

/** Of one table of the answer. */
const ROWS_MAX = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A table is whole or refused, since its rows add up to the totals. Throws Problem 422. */
export function refuseManyRows(granularity: Granularity, lengthMs: number): void {
  const lasts = { minute: MINUTE_MS, hour: HOUR_MS }[granularity as string] ?? DAY_MS;
  if (lengthMs / lasts > ROWS_MAX) throw tooManyRows('/granularity', `gives more than ${ROWS_MAX} rows of such a time`);
}

function tooManyRows(pointer: string, detail: string): Problem {
  return new Problem(422, 'Too much at once', `${pointer} ${detail}`, [{ pointer, detail }]);
}

/** Every table of one campaign's page. Errors as the reader's. */
export async function breakDown(base: Report, organisation: string, parts: ManagementParts) {
  const ask = async (
    measures: readonly MeasureName[],
    dimensions: readonly DimensionName[],
    by: 'time' | 'rows',
  ): Promise<Row[]> => {
    const granularity = by === 'time' ? base.granularity : 'none';
    const report: Report = { ...base, measures, dimensions, granularity, limit: ROWS_MAX + 1 };
    const rows = await rowsOf(compile(report, { organisation }), report, parts);
    if (rows.length > ROWS_MAX) throw tooManyRows('/from', `gives more than ${ROWS_MAX} rows by ${dimensions}`);
    return rows;
  };
  const [totals, by_time, by_creative, by_device, by_geo, by_content, by_hour] = await Promise.all([
    ask(everything, [], 'rows'),
    ask(usual, [], 'time'),
    ask(usual, ['creative'], 'rows'),
    ask(usual, ['device_type'], 'rows'),
    ask(usual, ['country'], 'rows'),
    ask(usual, ['content_category'], 'rows'),
    ask(usual, ['hour_of_day'], 'rows'),
  ]);
  return { totals, by_time, by_creative, by_device, by_geo, by_content, by_hour };
}
