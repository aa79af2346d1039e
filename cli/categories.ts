import { readFile } from 'node:fs/promises';
import { type CategoryKind, readCategoryTable } from '../domain/category-table.ts';
import type { CategoryTables, ImportOutcome, MarkedCategory } from '../engines/catalog/category-tables.ts';
import type { Noted } from '../engines/catalog/desk.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { openCategories } from '../engines/open.ts';
import { audit, auditAll, SYSTEM } from '../management-api/audit.ts';

export interface ImportOptions {
  /** What the table is of; absent: as its heading says. */
  readonly kind?: CategoryKind;
  /** Whose it is, as the catalog remembers it. */
  readonly authority?: string;
  /** Ids or names of content categories to mark when they are added. */
  readonly sensitive?: readonly string[];
}

const authorities: Readonly<Record<CategoryKind, string>> = { product: 'iab-ad-product', content: 'iab-content' };
/** The IAB's own root of what advertisers keep away from. */
const sensitiveAtFirst = ['Sensitive Topics'];

export interface Imported extends ImportOutcome {
  readonly kind: CategoryKind;
  readonly rows: number;
}

/** Imports a table of categories. EngineError `refused` with every problem of the table, of which nothing is imported then. */
export async function importCategories(
  tables: CategoryTables,
  text: string,
  options: ImportOptions = {},
): Promise<Imported> {
  const table = readCategoryTable(text);
  if ('problems' in table) throw new EngineError('refused', table.problems.join('\n'));
  const { rows } = table;
  const kind = options.kind ?? table.kind;
  if (kind === null)
    throw new EngineError('refused', 'the table does not say what it is of: --kind product or content');
  const authority = options.authority ?? authorities[kind];
  const noted: Noted<ImportOutcome> = (sql, outcome) =>
    audit(sql, {
      ...bySystem(),
      resource: 'category_table',
      id: authority,
      before: null,
      after: { kind, rows: rows.length, ...outcome },
    });
  const outcome =
    kind === 'product'
      ? await tables.importCompetitive(rows, authority, noted)
      : await tables.importContent(rows, authority, options.sensitive ?? sensitiveAtFirst, noted);
  return { kind, rows: rows.length, ...outcome };
}

const bySystem = () => ({ at: systemClock().now(), actor: SYSTEM, action: 'update' }) as const;

/** Marks content categories; the audit tells of each whose mark is another now. */
export function markSensitive(
  tables: CategoryTables,
  idsOrNames: readonly string[],
  sensitive: boolean,
): Promise<readonly MarkedCategory[]> {
  return tables.markSensitive(idsOrNames, sensitive, (sql, marked) =>
    auditAll(
      sql,
      marked
        .filter(({ was }) => was !== sensitive)
        .map(({ was, ...after }) => ({
          ...bySystem(),
          resource: 'content_category',
          id: after.id,
          before: { ...after, sensitive: was },
          after,
        })),
    ),
  );
}

/** `breakwater categories import FILE` */
export async function importCommand(file: string, options: ImportOptions): Promise<void> {
  const text = await readFile(file, 'utf8');
  await withTables(async (tables) => {
    const { kind, rows, added, changed, removed, campaigns } = await importCategories(tables, text, options);
    const what = kind === 'product' ? 'competitive categories' : 'content categories';
    say(`${rows} ${what}: ${added} added, ${changed} renamed or moved, ${removed} removed`);
    say(kind === 'product' ? `${campaigns} campaigns changed with them` : 'deciders see them within half a minute');
  });
}

/** `breakwater categories sensitive IDS...` */
export async function sensitiveCommand(idsOrNames: readonly string[], { off }: { off?: boolean }): Promise<void> {
  await withTables(async (tables) => {
    const marked = await markSensitive(tables, idsOrNames, off !== true);
    for (const { id, name, sensitive } of marked) say(`${id}\t${name}\t${sensitive ? 'sensitive' : 'not sensitive'}`);
    const missing = idsOrNames.filter((text) => !marked.some(({ id, name }) => id === text || name === text));
    if (missing.length > 0) throw new EngineError('refused', `no content category ${missing.join(', ')}`);
  });
}

async function withTables(work: (tables: CategoryTables) => Promise<void>): Promise<void> {
  const tables = openCategories(catalogUrl(readConfig()));
  try {
    await work(tables);
  } finally {
    await tables.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
