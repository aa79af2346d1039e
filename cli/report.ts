import { readFileSync, writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { systemClock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';
import { Problem } from '../engines/http/problem.ts';
import { openReports } from '../engines/open.ts';
import type { ReportReader } from '../engines/warehouse/report-reader.ts';
import { reportOfBody } from '../management-api/analytics/custom-report.ts';
import { dimensionNames, dimensions } from '../management-api/analytics/dimensions.ts';
import { aboutOf, measureNames } from '../management-api/analytics/measures.ts';
import { invalid } from '../management-api/analytics/reports/check-report.ts';
import { type Format, parquet, spreadsheet } from '../management-api/analytics/reports/file.ts';
import type { Report, Scope } from '../management-api/analytics/reports/report.ts';
import { columnsOf, mayAsk, readReport } from '../management-api/analytics/reports/run.ts';
import { type ReportBody, reportBody, reportLimits } from '../management-api/analytics/reports/shape.ts';
import { checkerOf } from '../management-api/check.ts';
import { isUuid } from '../schemas/uuid.ts';
import { print } from './sql.ts';

export interface ReportOptions {
  /** Of the warehouse. */
  readonly url: string;
  /** JSON as POST /api/v2/analytics/custom-report takes it; `-`: standard input. Absent: from the other options. */
  readonly file?: string;
  readonly measures?: readonly string[];
  readonly by?: readonly string[];
  readonly granularity?: string;
  readonly timeZone?: string;
  readonly from?: string;
  readonly to?: string;
  readonly range?: string;
  readonly compare?: boolean;
  readonly where?: readonly string[];
  readonly orderBy?: string;
  readonly limit?: string;
  readonly organisation?: string;
  /** Default: the file's, else a table. */
  readonly format?: Format | 'table';
  readonly output?: string;
  readonly totals?: boolean;
  readonly out: Writable;
  readonly err: Writable;
}

const check = checkerOf(reportBody, false);

/** How more rows are asked for, where there can be more. */
function hintOf(limit: number): string {
  return limit >= reportLimits.rowsMax ? '' : '; a higher limit (`limit` in FILE, else --limit) asks for them';
}

/** `breakwater report`: a custom report over everything, or one organisation. Answers the exit code: 0, 1 refused by the warehouse, 2 asked wrongly. */
export async function runReportCommand(options: ReportOptions): Promise<number> {
  const reader = openReports(options.url);
  try {
    const asked = askedOf(options);
    const { bytes, truncated } = await made(asked, reader);
    if (asked.output === null) options.out.write(bytes);
    else writeFileSync(asked.output, bytes);
    if (truncated)
      options.err.write(`only the first ${asked.report.limit} rows: there are more${hintOf(asked.report.limit)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Problem || error instanceof EngineError)) throw error;
    options.err.write(`${error.message}\n`);
    return error instanceof EngineError ? 1 : 2;
  } finally {
    await reader.close();
  }
}

interface Asked {
  readonly report: Report;
  readonly scope: Scope;
  readonly format: Format | 'table';
  readonly totals: boolean;
  /** Null: standard output. */
  readonly output: string | null;
}

/** Throws Problem for what cannot be asked, before anything is read. */
function askedOf(options: ReportOptions): Asked {
  const checked = check(options.file === undefined ? questionFrom(options) : readQuestion(options.file, options));
  if ('wrong' in checked) throw invalid(checked.wrong);
  const body = checked.value as ReportBody;
  const scope = scopeOf(options.organisation);
  const format = options.format ?? body.format ?? 'table';
  const totals = options.totals ?? body.totals ?? false;
  const report = reportOfBody({ ...body, totals, format: format === 'table' ? 'csv' : format }, systemClock().now());
  if (scope !== 'everything') mayAsk(scope.organisation, report);
  if (format === 'parquet' && options.output === undefined) {
    throw new Problem(400, 'No file', 'parquet needs --output FILE');
  }
  return { report, scope, format, totals, output: options.output ?? null };
}

async function made({ report, scope, format, totals }: Asked, reader: ReportReader) {
  if (format === 'parquet') return parquet(report, scope, reader);
  const said = await readReport(report, scope, reader, totals);
  if (format === 'csv' || format === 'excel') return spreadsheet(format, report, said);
  const columns = columnsOf(report);
  const rows = [...said.rows, ...(said.totals === null ? [] : [said.totals])];
  const table = {
    names: columns.map(({ name }) => name),
    types: columns.map(({ isText }) => (isText ? 'String' : 'Int64')),
    rows: rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
  };
  return { bytes: print(table, format), truncated: said.truncated };
}

/** `breakwater report --list`: what can be asked. */
export function listMeasures(out: Writable): void {
  out.write('measures:\n');
  for (const name of measureNames) out.write(`  ${name.padEnd(22)} ${aboutOf(name)}\n`);
  out.write('dimensions:\n');
  for (const name of dimensionNames) out.write(`  ${name.padEnd(22)} ${dimensions[name].about}\n`);
}

function scopeOf(organisation: string | undefined): Scope {
  if (organisation === undefined) return 'everything';
  if (isUuid(organisation)) return { organisation };
  throw new Problem(400, 'Invalid organisation', `${organisation} is no id of an organisation`);
}

/** What the other options would say is said by the file. Throws Problem for a file that is none, or says it twice. */
function readQuestion(file: string, options: ReportOptions): unknown {
  const twice = Object.entries(flags).flatMap(([name, flag]) =>
    options[name as keyof typeof flags] === undefined ? [] : [flag],
  );
  if (twice.length > 0)
    throw new Problem(400, 'Said twice', `${twice.join(', ')}: ask by FILE or by options, not both`);
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new Problem(400, 'No report', `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const flags = {
  measures: '--measures',
  by: '--by',
  granularity: '--granularity',
  timeZone: '--time-zone',
  from: '--from',
  to: '--to',
  range: '--range',
  compare: '--compare',
  where: '--where',
  orderBy: '--order-by',
  limit: '--limit',
} as const satisfies Partial<Record<keyof ReportOptions, string>>;

/** `--where country=US,CA` includes, `--where country!=US` excludes. */
function questionFrom(options: ReportOptions): object {
  const filters = (options.where ?? []).map((text) => {
    const found = /^(\w+)(!?=)(.*)$/s.exec(text);
    if (!found)
      throw new Problem(400, 'Invalid filter', `--where ${text}: expected dimension=value,value or dimension!=value`);
    const [, dimension = '', sign, values = ''] = found;
    const isNumber =
      Object.hasOwn(dimensions, dimension) && dimensions[dimension as keyof typeof dimensions].type === 'number';
    return {
      dimension,
      mode: sign === '=' ? 'include' : 'exclude',
      values: values.split(',').map((value) => (isNumber ? Number(value) : value)),
    };
  });
  const given = {
    measures: options.measures,
    dimensions: options.by,
    granularity: options.granularity,
    time_zone: options.timeZone,
    from: options.from,
    to: options.to,
    range: options.range,
    compare: options.compare === true ? 'previous_period' : undefined,
    filters,
    order_by: options.orderBy,
    limit: options.limit === undefined ? undefined : Number(options.limit),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
