import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { EngineError } from '../errors.ts';
import { asEngineErrors } from './postgres-client.ts';

interface Migration {
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
/** Any constant does, as long as nobody else's lock has it. */
const LOCK = 7_225_019;
const LOCK_WAIT_MS = 60_000;

/**
 * Brings the catalog to today's tables: the numbered files that are not yet recorded, in order, each in a transaction
 * of its own, one migrator at a time. EngineError `refused`, with the file's name, when a recorded file was changed or
 * is not here, or numbers have a gap or a double; `refused` too when a file's SQL fails (what came before
 * it stays). Answers how many files were applied. `folder` is for tests.
 */
export async function migrateCatalog(
  url: string,
  onProgress: (text: string) => void = () => undefined,
  folder: string = FOLDER,
): Promise<number> {
  const migrations = await readMigrations(folder);
  return await asEngineErrors(async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    // A connection that breaks also fails the query that waits on it.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
      await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
      await client.query(
        `CREATE TABLE IF NOT EXISTS schema_migrations (
           name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW())`,
      );
      await adoptMvp(client, migrations[0], onProgress);
      const waiting = await comparePast(client, migrations);
      for (const migration of waiting) {
        onProgress(`catalog: applying ${migration.name} (${waiting.indexOf(migration) + 1} of ${waiting.length})`);
        await apply(client, migration);
      }
      if (waiting.length === 0) onProgress(`catalog: up to date (${migrations.length} files)`);
      return waiting.length;
    } finally {
      // The lock goes with the connection.
      await client.end();
    }
  });
}

/** A database that the MVP made itself has its tables and no record of them: they are the first file. */
async function adoptMvp(
  client: pg.Client,
  first: Migration | undefined,
  onProgress: (text: string) => void,
): Promise<void> {
  if (first === undefined) return;
  const { rowCount } = await client.query(
    `INSERT INTO schema_migrations (name, sha256) SELECT $1, $2
     WHERE NOT EXISTS (SELECT FROM schema_migrations)
       AND to_regclass('campaigns') IS NOT NULL AND to_regclass('campaign_daily_stats') IS NOT NULL`,
    [first.name, first.sha256],
  );
  if (rowCount === 1) onProgress(`catalog: the MVP's tables are here; taken for ${first.name}`);
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const numberOf = (name: string | undefined) => name?.slice(0, 5) ?? '';
  const wrong = names.find((name, at) => !/^\d{4}-/.test(name) || numberOf(names[at + 1]) === numberOf(name));
  if (wrong)
    throw new EngineError('refused', `each migration has a number of its own, 0001-…: ${wrong} is out of line`);
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${folder}/${name}`, 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** What is still to be applied; refuses a past that is not the files' past. */
async function comparePast(client: pg.Client, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const recorded = await client.query<{ name: string; sha256: string }>(
    'SELECT name, sha256 FROM schema_migrations ORDER BY name',
  );
  recorded.rows.forEach((past, index) => {
    const file = migrations[index];
    if (file && file.name !== past.name && migrations.some(({ name }) => name === past.name)) {
      throw new EngineError(
        'refused',
        `${file.name} comes before ${past.name}, which was applied: give it a later number`,
      );
    }
    if (file?.name !== past.name) {
      throw new EngineError('refused', `the catalog holds ${past.name}, which this release does not know`);
    }
    if (file.sha256 !== past.sha256) {
      throw new EngineError('refused', `${past.name} was changed after it was applied: put the change in a new file`);
    }
  });
  return migrations.slice(recorded.rows.length);
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [
      migration.name,
      migration.sha256,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    // The connection is closed after this, which rolls back.
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new EngineError('refused', `${migration.name}: ${error.message}`, error);
  }
}
