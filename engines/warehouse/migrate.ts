import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { splitStatements } from './statements.ts';
import type { Warehouse } from './warehouse.ts';

export interface Migration {
  /** NNNN-what-it-does.sql */
  readonly name: string;
  readonly sql: string;
}

interface Applied {
  readonly name: string;
  readonly sha256: string;
  readonly statements: string;
}

/** The numbered files of clickhouse/, in order. */
export function warehouseMigrations(): readonly Migration[] {
  const folder = new URL('../../clickhouse/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => ({ name, sql: readFileSync(new URL(name, folder), 'utf8') }));
}

/**
 * Applies what is missing, statement by statement: ClickHouse has no transactions for tables, so each statement is
 * recorded as it is done, and a migration that stopped half-way goes on there. EngineError `misconfigured` when an
 * applied file has changed or is missing, before anything is done.
 */
export async function migrateWarehouse(
  warehouse: Warehouse,
  onProgress: (line: string) => void,
  migrations: readonly Migration[] = warehouseMigrations(),
): Promise<void> {
  await warehouse.run('CREATE DATABASE IF NOT EXISTS breakwater ENGINE = Atomic');
  await warehouse.run(`
    CREATE TABLE IF NOT EXISTS breakwater.migrations
    (
        name String COMMENT 'File in clickhouse/',
        sha256 String COMMENT 'Of the file when it was applied',
        statements UInt32 COMMENT 'How many of its statements are done',
        total UInt32 COMMENT 'How many it has',
        applied_at DateTime('UTC') DEFAULT now() COMMENT 'By the server''s clock'
    )
    ENGINE = ReplacingMergeTree(statements) ORDER BY name
    COMMENT 'What was applied to this database'`);
  const rows = await warehouse.query<Applied>(
    'SELECT name, sha256, toString(statements) AS statements FROM breakwater.migrations FINAL ORDER BY name',
  );
  const applied = new Map(rows.map((row) => [row.name, row]));
  refuseChangedPast(migrations, applied);
  for (const migration of migrations)
    await apply(warehouse, migration, Number(applied.get(migration.name)?.statements ?? 0), onProgress);
}

function refuseChangedPast(migrations: readonly Migration[], applied: ReadonlyMap<string, Applied>): void {
  const problems: string[] = [];
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const newest = [...applied.keys()].sort().at(-1) ?? '';
  for (const { name, sha256 } of applied.values()) {
    const migration = known.get(name);
    if (!migration) problems.push(`${name} was applied and is no longer in clickhouse/`);
    else if (hashOf(migration) !== sha256) problems.push(`${name} was changed after it was applied`);
  }
  for (const { name } of migrations) {
    if (!applied.has(name) && name < newest)
      problems.push(`${name} is new but comes before ${newest}, which is applied`);
  }
  if (problems.length > 0) {
    throw new EngineError(
      'misconfigured',
      `the warehouse's past may not change: ${problems.join('; ')}. Write a new file`,
    );
  }
}

async function apply(
  warehouse: Warehouse,
  migration: Migration,
  done: number,
  onProgress: (line: string) => void,
): Promise<void> {
  const statements = splitStatements(migration.sql);
  if (done >= statements.length) return;
  onProgress(`warehouse: ${migration.name}, ${statements.length} statements`);
  for (let index = done; index < statements.length; index++) {
    await warehouse.run(repeatable(statements[index] as string));
    await warehouse.run(
      `INSERT INTO breakwater.migrations (name, sha256, statements, total)
       SELECT {name:String}, {sha256:String}, {done:UInt32}, {total:UInt32}`,
      { name: migration.name, sha256: hashOf(migration), done: index + 1, total: statements.length },
    );
  }
}

/** A statement that was done but not recorded comes again: what it creates may then be there already. */
function repeatable(statement: string): string {
  return statement.replace(/^(CREATE\s+(?:TABLE|VIEW|DATABASE)\s+)(?!IF\s+NOT\s+EXISTS)/i, '$1IF NOT EXISTS ');
}

function hashOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}
