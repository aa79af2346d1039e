import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { testServer } from '../config.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

/** A database that one test file has for itself. */
export interface TestPostgres {
  readonly url: string;
  remove(): Promise<void>;
}

/** A new database on the server of TEST_POSTGRES_URL (whose user must be allowed to make one), else a server of our own. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = testServer('TEST_POSTGRES_URL');
  if (given !== null) return databaseOn(given);
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-catalog-'));
  const server = await startEmbeddedPostgres({ path: folder, port: 0 });
  return {
    url: server.url,
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function databaseOn(given: string): Promise<TestPostgres> {
  const name = `breakwater_test_${randomUUID().replaceAll('-', '')}`;
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: given });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(given);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}
