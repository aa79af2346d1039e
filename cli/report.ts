import { readFileSync, writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { systemClock } from '../engines/clock.ts';
import { EngineError } from '../engines/errors.ts';
import { Problem } from '../engines/http/problem.ts';
import { openReports } from '../engines/open.ts';
import { dimensionNames, dimensions } from '../management-api/analytics/dimensions.ts';
import { aboutOf, measureNames } from '../management-api/analytics/measures.ts';
import { checkReport, invalid } from '../management-api/analytics/reports/check-report.ts';
import { compile, compileTotals } from '../management-api/analytics/reports/compile.ts';
import { csvOf } from '../management-api/analytics/reports/csv.ts';
import type { Scope } from '../management-api/analytics/reports/report.ts';
import { columnsOf, shapeRows } from '../management-api/analytics/reports/run.ts';
import { type ReportQuestion, reportQuestion } from '../management-api/analytics/reports/shape.ts';
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
  readonly format: 'table' | 'csv' | 'json' | 'parquet';
  readonly output?: string;
  readonly totals?: boolean;
  readonly out: Writable;
  readonly err: Writable;
}

const check = checkerOf(reportQuestion, false);

/** `breakwater report`: a custom report over everything, or one organisation. Answers the exit code: 0, 1 refused by the warehouse, 2 asked wrongly. */
export async function runReportCommand(options: ReportOptions): Promise<number> {
  const reader = openReports(options.url);
  try {
    const checked = check(
      options.file === undefined
        ? questionFrom(options)
        : JSON.parse(readFileSync(options.file === '-' ? 0 : options.file, 'utf8')),
    );
    if ('wrong' in checked) throw invalid(checked.wrong);
    const report = checkReport(checked.value as ReportQuestion, systemClock().now());
    const scope = scopeOf(options.organisation);
    const { sql, parameters } = compile(report, scope);
    if (options.format === 'parquet') {
      const bytes = await reader.bytes(sql, parameters, 'Parquet');
      if (options.output === undefined) throw new Problem(400, 'No file', 'parquet needs --output FILE');
      writeFileSync(options.output, bytes);
      return 0;
    }
    const columns = columnsOf(report);
    const rows = shapeRows(await reader.query(sql, parameters), report);
    const whole = { ...report, dimensions: [], granularity: 'none' } as const;
    const total = compileTotals(report, scope);
    const totals =
      options.totals === true ? (shapeRows(await reader.query(total.sql, total.parameters), whole)[0] ?? null) : null;
    const table = {
      names: columns.map(({ name }) => name),
      types: columns.map(({ isText }) => (isText ? 'String' : 'Int64')),
      rows: [...rows, ...(totals === null ? [] : [totals])].map((row) => columns.map(({ name }) => row[name] ?? null)),
    };
    const text = options.format === 'csv' ? csvOf(columns, rows, totals) : print(table, options.format);
    if (options.output === undefined) options.out.write(text);
    else writeFileSync(options.output, text);
    return 0;
  } catch (error) {
    if (!(error instanceof Problem || error instanceof EngineError || error instanceof SyntaxError)) throw error;
    options.err.write(`${error.message}\n`);
    return error instanceof EngineError ? 1 : 2;
  } finally {
    await reader.close();
  }
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
