import type { Writable } from 'node:stream';
import { EngineError } from '../engines/errors.ts';
import { type ResultTable, readTable } from '../engines/open.ts';
import { RefusedSqlError, readOnlySql } from '../engines/warehouse/read-only-sql.ts';

export type SqlFormat = 'table' | 'csv' | 'json';

export interface SqlOptions {
  readonly url: string;
  readonly sql: string;
  /** `json`: one array of objects. 64-bit integers are text there, because JSON readers round them. */
  readonly format: SqlFormat;
  readonly out: Writable;
  /** Where a refusal goes. Default: standard error. */
  readonly err?: Writable;
}

const MAX_ROWS = 100_000;
const MAX_SECONDS = 30;

const limits = {
  max_execution_time: MAX_SECONDS,
  max_result_rows: String(MAX_ROWS),
  result_overflow_mode: 'throw',
  readonly: '1',
} as const;

/**
 * Runs one statement that only reads, in database `breakwater`, and prints what it answers. Resolves to the exit code:
 * 0 answered, 1 the warehouse refused it or is away, 2 it is not a statement that only reads.
 */
export async function runSql({ url, sql, format, out, err = process.stderr }: SqlOptions): Promise<number> {
  const options = { url, database: 'breakwater', timeoutMs: (MAX_SECONDS + 2) * 1000, settings: limits };
  try {
    readOnlySql(sql);
    const listed = await readTable(options, 'SELECT name FROM system.table_functions');
    const table = await readTable(
      options,
      readOnlySql(
        sql,
        listed.rows.map(([name]) => String(name)),
      ),
    );
    out.write(print(table, format));
    return 0;
  } catch (error) {
    if (error instanceof RefusedSqlError) {
      err.write(`refused: ${error.message}\n`);
      return 2;
    }
    if (!(error instanceof EngineError)) throw error;
    err.write(`${error.message}\n`);
    return 1;
  }
}

/** The whole result as text with a newline at its end. */
export function print(table: ResultTable, format: SqlFormat): string {
  if (format === 'csv') return printCsv(table);
  return format === 'json' ? printJson(table) : printAligned(table);
}

/** RFC 4180. */
function printCsv({ names, rows }: ResultTable): string {
  const field = (value: unknown) => {
    const text = textOf(value, '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function printJson({ names, rows }: ResultTable): string {
  // Written by hand: an object would put columns named by numbers first and keep one of two with the same name.
  const object = (row: readonly unknown[]) =>
    `{${names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(row[index] ?? null)}`).join(',')}}`;
  return rows.length === 0 ? '[]\n' : `[\n${rows.map((row) => `  ${object(row)}`).join(',\n')}\n]\n`;
}

/** Columns side by side, numbers to the right. */
function printAligned({ names, types, rows }: ResultTable): string {
  const cells = rows.map((row) => row.map((value) => visible(textOf(value, 'NULL'))));
  const widths = names.map((name, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), visible(name).length),
  );
  const isNumber = types.map((type) => /^(Nullable\(|LowCardinality\()*(U?Int|Float|BFloat|Decimal)/.test(type));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  return `${[line(names.map(visible)), rule, ...cells.map(line), count].join('\n')}\n`;
}

function textOf(value: unknown, absent: string): string {
  if (value === null || value === undefined) return absent;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A value must not move the cursor or break its line. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
