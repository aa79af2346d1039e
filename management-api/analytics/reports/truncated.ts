import type { ReportReader } from '../../../engines/warehouse/report-reader.ts';
import { compile } from './compile.ts';
import type { Report, Scope } from './report.ts';

/** Of an answer that is a file: `true` where the report has more rows than its limit. */
export const truncatedHeader = (truncated: boolean) => ({ 'x-breakwater-truncated': String(truncated) });

/** Whether a report has more rows than its limit; for formats that are not read here. Errors as the reader's. */
export async function isTruncated(report: Report, scope: Scope, reader: ReportReader): Promise<boolean> {
  const { sql, parameters } = compile({ ...report, order: null, limit: report.limit + 1 }, scope);
  const [found] = await reader.query<{ n: string }>(`SELECT count() AS n FROM (${sql})`, parameters);
  return Number(found?.n) > report.limit;
}
