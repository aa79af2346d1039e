import type { ReportReader } from '../../engines/warehouse/report-reader.ts';
import type { Report } from '../../management-api/analytics/reports/report.ts';
import { type Row, readReport } from '../../management-api/analytics/reports/run.ts';
import { isTruncated } from '../../management-api/analytics/reports/truncated.ts';

/** A report with a limit has the first of all its rows, and says whether there are more. Answers whether there were. */
export async function checkCut(
  report: Report,
  all: readonly Row[],
  organisation: string,
  reader: ReportReader,
): Promise<boolean> {
  const { rows, truncated } = await readReport(report, { organisation }, reader, false);
  const wanted = all.slice(0, report.limit);
  if (JSON.stringify(rows) !== JSON.stringify(wanted))
    throw new Error(`the first ${report.limit} of ${all.length} rows are ${JSON.stringify(rows).slice(0, 400)}`);
  const isCut = all.length > report.limit;
  if (truncated !== isCut || (await isTruncated(report, { organisation }, reader)) !== isCut)
    throw new Error(`${all.length} rows and a limit of ${report.limit}: truncated should be ${isCut}`);
  return isCut;
}
