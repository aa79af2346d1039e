import type { Cell, Column, Row } from './run.ts';

/**
 * RFC 4180. A text that a spreadsheet would take for a formula (= + - @, tab, return) begins with an apostrophe; so does
 * one that begins with an apostrophe itself, so that taking one away always gives the text back.
 */
export function csvOf(columns: readonly Column[], rows: readonly Row[], totals: Row | null): string {
  const lines = [columns.map(({ name }) => field(name))];
  for (const row of rows) lines.push(columns.map((column) => cellText(row[column.name] ?? null, column)));
  if (totals !== null) {
    lines.push(
      columns.map((column, index) =>
        column.name in totals ? cellText(totals[column.name] ?? null, column) : index === 0 ? 'total' : '',
      ),
    );
  }
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function cellText(value: Cell, { isText }: Column): string {
  if (value === null) return '';
  return field(isText ? harmless(String(value)) : String(value));
}

function harmless(text: string): string {
  return /^[=+\-@\t\r\n']/.test(text) ? `'${text}` : text;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
