import type { ManagementParts } from '../parts.ts';
import type { Answer } from '../route.ts';
import { analyticsOf, dataAsOf, withWarehouse } from './ask-warehouse.ts';
import { type Read, shareTenant } from './owners.ts';
import { checkReport, invalid } from './reports/check-report.ts';
import { compileSize, sourceOfReport } from './reports/compile.ts';
import { parquet, type ReportFile, spreadsheet } from './reports/file.ts';
import type { Report } from './reports/report.ts';
import { columnsOf, mayAsk, namesIn, runReport, type Said } from './reports/run.ts';
import type { ReportBody, ReportQuestion } from './reports/shape.ts';
import { truncatedHeader } from './reports/truncated.ts';

/** What would read more rows than this becomes a job. */
const ROWS_AT_ONCE = 20_000_000;

/** The question of a body, without how it is to be sent. */
export function questionOf(body: ReportBody): ReportQuestion {
  const { format: _format, totals: _totals, async: _async, ...question } = body;
  return question;
}

/** The report that a body asks for. Throws Problem 400 with each place that is wrong. */
export function reportOfBody(body: ReportBody, now: number): Report {
  if (body.format === 'parquet' && body.totals === true) {
    throw invalid([{ pointer: '/totals', detail: 'do not go with parquet, whose every line is a row' }]);
  }
  return checkReport(questionOf(body), now);
}

/** Beside the rows of JSON totals harm nobody; in a file for spreadsheets they are a line more. */
function wantsTotals({ format = 'json', totals = format === 'json' }: ReportBody): boolean {
  return totals;
}

/** Whether a report is small enough to be answered at once. */
export async function isSmall(report: Report, organisation: string, parts: ManagementParts): Promise<boolean> {
  const { sql, parameters } = compileSize(report, { organisation });
  const [size] = await analyticsOf(parts).reader.query<{ n: string }>(sql, parameters);
  return Number(size?.n) <= ROWS_AT_ONCE;
}

/** Answers a report; null where it is too large for that, or was asked for as a job. */
export async function answerReport(
  body: ReportBody,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<Answer<object> | null> {
  const report = reportOfBody(body, parts.clock.now());
  mayAsk(organisation, report);
  if (body.async === true) return null;
  const source = sourceOfReport(report);
  const asOf = await dataAsOf(source, parts);
  const format = body.format ?? 'json';
  const made = await withWarehouse(source, parts, async () => {
    await shareTenant(organisation, read, analyticsOf(parts));
    if (!(await isSmall(report, organisation, parts))) return null;
    if (format !== 'json') return { file: await fileOf(report, body, organisation, read, parts) };
    return { said: await runReport(report, organisation, parts, wantsTotals(body)) };
  });
  if (made === null) return null;
  if (made.file) {
    const { bytes, type, extension, truncated } = made.file;
    return { file: { bytes, type, name: `report.${extension}` }, headers: truncatedHeader(truncated) };
  }
  const { rows, totals, truncated, table } = made.said;
  return {
    body: shownReport(report, { rows, totals, truncated, table }, await read((sql) => namesIn(rows, sql)), asOf),
  };
}

/** A report as a file. Errors as the reader's. */
export async function fileOf(
  report: Report,
  body: ReportBody,
  organisation: string,
  read: Read,
  parts: ManagementParts,
): Promise<ReportFile> {
  const { format = 'json' } = body;
  if (format === 'parquet') return parquet(report, { organisation }, analyticsOf(parts).reader);
  const said = await runReport(report, organisation, parts, wantsTotals(body));
  if (format !== 'json') return spreadsheet(format, report, said);
  const names = await read((sql) => namesIn(said.rows, sql));
  const shown = shownReport(report, said, names, await dataAsOf(sourceOfReport(report), parts));
  return {
    bytes: Buffer.from(JSON.stringify(shown)),
    type: 'application/json',
    extension: 'json',
    truncated: said.truncated,
  };
}

function shownReport(report: Report, said: Said, names: Record<string, string>, asOf: string | null) {
  const instant = (at: number) => new Date(at).toISOString();
  return {
    rows: [...said.rows],
    totals: said.totals,
    truncated: said.truncated,
    columns: columnsOf(report).map(({ name, about }) => ({ name, about })),
    names,
    from: instant(report.from),
    to: instant(report.to),
    time_zone: report.zone,
    compared_with: report.previous && { from: instant(report.previous.from), to: instant(report.previous.to) },
    source: said.table,
    data_as_of: asOf,
  };
}
