import { HOUSE_ORGANISATION } from '../../../domain/organisation.ts';
import type { DeskTransaction } from '../../../engines/catalog/desk.ts';
import { Problem } from '../../../engines/http/problem.ts';
import type { ReportReader } from '../../../engines/warehouse/report-reader.ts';
import type { ManagementParts } from '../../parts.ts';
import { analyticsOf } from '../ask-warehouse.ts';
import { dimensions } from '../dimensions.ts';
import { aboutOf, type MeasureName } from '../measures.ts';
import { namesOf } from '../owners.ts';
import { type Compiled, compile, compileTotals, sourceOfReport } from './compile.ts';
import type { Report, Scope } from './report.ts';

export type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Column {
  readonly name: string;
  readonly about: string;
  readonly isText: boolean;
}

/** The columns of a report's rows, in order. */
export function columnsOf(report: Report): readonly Column[] {
  const measured = (name: MeasureName, before: boolean): Column => ({
    name: before ? `previous_${name}` : name,
    about: before ? `${aboutOf(name)}, the time before` : aboutOf(name),
    isText: false,
  });
  return [
    ...(report.granularity === 'none' ? [] : [{ name: 'time', about: `each ${report.granularity}`, isText: true }]),
    ...report.dimensions.map((name) => ({
      name,
      about: dimensions[name].about,
      isText: dimensions[name].type !== 'number',
    })),
    ...report.measures.map((name) => measured(name, false)),
    ...(report.previous === null ? [] : report.measures.map((name) => measured(name, true))),
  ];
}

/** Requests are asked of the whole house, not of one organisation. Throws Problem 403. */
export function mayAsk(organisation: string, report: Report): void {
  if (sourceOfReport(report) !== 'inventory' || organisation === HOUSE_ORGANISATION) return;
  throw new Problem(
    403,
    'Not of one organisation',
    'requests are the house’s, not an organisation’s: only its default organisation counts them',
  );
}

/** One statement's rows with numbers as numbers. Errors as ReportReader's. */
export function rowsOf(compiled: Compiled, report: Report, parts: ManagementParts): Promise<Row[]> {
  return readRows(compiled, report, analyticsOf(parts).reader);
}

async function readRows({ sql, parameters }: Compiled, report: Report, reader: ReportReader): Promise<Row[]> {
  return shapeRows(await reader.query<Record<string, unknown>>(sql, parameters), report);
}

/** Rows as the warehouse gives them, with the report's columns alone and numbers as numbers. */
export function shapeRows(rows: readonly Readonly<Record<string, unknown>>[], report: Report): Row[] {
  const columns = columnsOf(report);
  return rows.map((row) =>
    Object.fromEntries(columns.flatMap(({ name, isText }) => (name in row ? [[name, cellOf(row[name], isText)]] : []))),
  );
}

function cellOf(value: unknown, isText: boolean): Cell {
  if (value === null || value === undefined) return null;
  return isText ? String(value) : Number(value);
}

/** A report as it was read. */
export interface Said {
  readonly rows: readonly Row[];
  readonly totals: Row | null;
  /** There are more rows than the limit. */
  readonly truncated: boolean;
  readonly table: string;
}

/** Rows and totals for an organisation that the caller has shared with the warehouse. */
export function runReport(
  report: Report,
  organisation: string,
  parts: ManagementParts,
  withTotals: boolean,
): Promise<Said> {
  mayAsk(organisation, report);
  return readReport(report, { organisation }, analyticsOf(parts).reader, withTotals);
}

/** Errors as the reader's. */
export async function readReport(
  report: Report,
  scope: Scope,
  reader: ReportReader,
  withTotals: boolean,
): Promise<Said> {
  const compiled = compile({ ...report, limit: report.limit + 1 }, scope);
  const rows = await readRows(compiled, report, reader);
  const whole: Report = { ...report, dimensions: [], granularity: 'none' };
  const totals = withTotals ? await readRows(compileTotals(report, scope), whole, reader) : [];
  return {
    rows: rows.slice(0, report.limit),
    totals: totals[0] ?? null,
    truncated: rows.length > report.limit,
    table: compiled.table,
  };
}

/** What the ids in rows are called. */
export async function namesIn(rows: readonly Row[], sql: DeskTransaction): Promise<Record<string, string>> {
  const ids = new Set<string>();
  for (const row of rows) {
    for (const name of ['advertiser', 'campaign', 'creative']) if (typeof row[name] === 'string') ids.add(row[name]);
  }
  return namesOf(sql, [...ids]);
}
