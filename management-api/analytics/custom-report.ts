import type { ManagementParts } from '../parts.ts';
import type { Answer } from '../route.ts';
import { analyticsOf, dataAsOf, withWarehouse } from './ask-warehouse.ts';
import { type Read, shareTenant } from './owners.ts';
import { checkReport } from './reports/check-report.ts';
import { compileSize, sourceOfReport } from './reports/compile.ts';
import { type Format, parquet, type ReportFile, spreadsheet } from './reports/file.ts';
import type { Report } from './reports/report.ts';
import { columnsOf, mayAsk, namesIn, runReport } from './reports/run.ts';
import type { ReportBody, ReportQuestion } from './reports/shape.ts';
import { truncatedHeader } from './reports/truncated.ts';

/** What would read more rows than this becomes a job. */
const ROWS_AT_ONCE = 20_000_000;

/** The question of a body, without how it is to be sent. */
export function questionOf(body: ReportBody): ReportQuestion {
  const { format: _format, totals: _totals, async: _async, ...question } = body;
  return question;
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
  const report = checkReport(questionOf(body), parts.clock.now());
  mayAsk(organisation, report);
  if (body.async === true) return null;
  const source = sourceOfReport(report);
  const asOf = await dataAsOf(source, parts);
  const format = body.format ?? 'json';
  const made = await withWarehouse(source, parts, async () => {
    await shareTenant(organisation, read, analyticsOf(parts));
    if (!(await isSmall(report, organisation, parts))) return null;
    if (format !== 'json') return { file: await fileOf(report, format, body.totals === true, organisation, parts) };
    return { said: await runReport(report, organisation, parts, body.totals !== false) };
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
  format: Format,
  withTotals: boolean,
  organisation: string,
  parts: ManagementParts,
): Promise<ReportFile> {
  if (format === 'parquet') return parquet(report, { organisation }, analyticsOf(parts).reader);
  const said = await runReport(report, organisation, parts, withTotals);
  if (format !== 'json') return spreadsheet(format, report, said);
  const body = shownReport(report, said, {}, await dataAsOf(sourceOfReport(report), parts));
  return {
    bytes: Buffer.from(JSON.stringify(body)),
    type: 'application/json',
    extension: 'json',
    truncated: said.truncated,
  };
}

type Said = Awaited<ReturnType<typeof runReport>>;

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
