/** A category as a published table has it. */
export interface PublishedCategory {
  /** A text: some of the IAB's are no numbers. */
  readonly id: string;
  readonly name: string;
  /** Null: a root, also where the table says that a row is its own parent. */
  readonly parentId: string | null;
}

export type CategoryTable =
  | {
      readonly rows: readonly PublishedCategory[];
      /** What the table's own heading says that it is. */
      readonly kind: CategoryKind | null;
    }
  | { readonly problems: readonly string[] };

/** What ads are for, or what is around them. */
export type CategoryKind = 'product' | 'content';

const problemsMax = 20;

/**
 * Reads a table of categories as the IAB publishes them: text with tabs, commas or semicolons between, a line of titles with an id, a
 * parent and a name, whatever stands before it, and more columns that are passed over.
 */
export function readCategoryTable(text: string): CategoryTable {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const heading = lines.findIndex((line) => titlesOf(line) !== null);
  const titles = titlesOf(lines[heading] ?? '');
  if (titles === null) return { problems: ['no line names the columns: expected "Unique ID", "Parent" and "Name"'] };
  const problems: string[] = [];
  const rows = new Map<string, PublishedCategory>();
  lines.slice(heading + 1).forEach((line, index) => {
    const cells = cellsOf(line, titles.separator);
    const [id = '', parent = '', name = ''] = [titles.id, titles.parent, titles.name].map((at) => cells[at]?.trim());
    if (id === '' && name === '') return;
    const at = `line ${heading + 2 + index}`;
    if (id === '' || name === '') problems.push(`${at}: ${id === '' ? 'no id' : 'no name'}`);
    else if (rows.has(id)) problems.push(`${at}: ${id} comes twice`);
    else rows.set(id, { id, name, parentId: parent === '' || parent === id ? null : parent });
  });
  if (rows.size === 0) problems.push('no categories');
  for (const row of rows.values()) {
    if (row.parentId !== null && !rows.has(row.parentId)) problems.push(`${row.id}: no parent ${row.parentId}`);
    else if (isInCircle(row, rows)) problems.push(`${row.id} (${row.name}) lies above itself`);
  }
  if (problems.length > 0) return { problems: problems.slice(0, problemsMax) };
  return { rows: [...rows.values()], kind: kindOf(lines.slice(0, heading + 1).join('\n')) };
}

interface Titles {
  readonly separator: string;
  readonly id: number;
  readonly parent: number;
  readonly name: number;
}

function titlesOf(line: string): Titles | null {
  for (const separator of ['\t', ',', ';']) {
    const cells = cellsOf(line, separator).map((cell) => cell.trim().toLowerCase());
    const id = cells.findIndex((cell) => cell === 'unique id' || cell === 'id');
    const parent = cells.findIndex((cell) => /^parent( id)?$/.test(cell));
    const name = cells.indexOf('name');
    if (id >= 0 && parent >= 0 && name >= 0) return { separator, id, parent, name };
  }
  return null;
}

/** A cell in quotes may hold the separator, and a quote as two. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] as string;
    if (quoted && sign === '"' && line[at + 1] === '"') {
      cell += sign;
      at += 1;
    } else if (sign === '"' && (quoted || cell === '')) quoted = !quoted;
    else if (sign === separator && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += sign;
  }
  return [...cells, cell];
}

function isInCircle(row: PublishedCategory, rows: ReadonlyMap<string, PublishedCategory>): boolean {
  const seen = new Set<string>();
  for (let next = row.parentId; next !== null && !seen.has(next); next = rows.get(next)?.parentId ?? null) {
    if (next === row.id) return true;
    seen.add(next);
  }
  return false;
}

/** The Content Taxonomy's heading says so; the Ad Product Taxonomy's says nothing but "Parent ID". */
function kindOf(heading: string): CategoryKind | null {
  if (/content taxonomy/i.test(heading)) return 'content';
  return /ad product/i.test(heading) || /\bparent id\b/i.test(heading) ? 'product' : null;
}
