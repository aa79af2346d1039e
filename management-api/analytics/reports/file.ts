import type { ReportReader } from '../../../engines/warehouse/report-reader.ts';
import { compile } from './compile.ts';
import { csvOf } from './csv.ts';
import type { Report, Scope } from './report.ts';
import { columnsOf, type Said } from './run.ts';
import type { formats } from './shape.ts';
import { isTruncated } from './truncated.ts';

export type Format = (typeof formats)[number];

export interface ReportFile {
  readonly bytes: Buffer;
  readonly type: string;
  readonly extension: string;
  /** The report has more rows than its limit. */
  readonly truncated: boolean;
}

/** Excel reads UTF-8 by this mark alone. */
const BYTE_ORDER_MARK = '\uFEFF';

/** Rows as text for spreadsheets. Totals only where asked: a line of them is no row. */
export function spreadsheet(format: 'csv' | 'excel', report: Report, { rows, totals, truncated }: Said): ReportFile {
  const text = csvOf(columnsOf(report), rows, totals);
  return {
    bytes: Buffer.from(format === 'excel' ? BYTE_ORDER_MARK + text : text),
    type: 'text/csv; charset=utf-8',
    extension: 'csv',
    truncated,
  };
}

/** Written by the warehouse itself, with the types of its columns. */
export async function parquet(report: Report, scope: Scope, reader: ReportReader): Promise<ReportFile> {
  const { sql, parameters } = compile(report, scope);
  return {
    bytes: await reader.bytes(sql, parameters, 'Parquet'),
    type: 'application/vnd.apache.parquet',
    extension: 'parquet',
    truncated: await isTruncated(report, scope, reader),
  };
}
