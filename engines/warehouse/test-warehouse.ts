import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testServer } from '../config.ts';
import { openClickHouse } from './clickhouse-warehouse.ts';
import { startEmbeddedWarehouse } from './embedded-server.ts';

/** A ClickHouse that one test file has for itself. */
export interface TestWarehouse {
  readonly url: string;
  remove(): Promise<void>;
}

/** Those that the tests make: they drop them at the end, so they must not be there at the beginning. */
const databases = ['t', 'breakwater'];

/** The server of TEST_CLICKHOUSE_URL, without the databases `t` and `breakwater`; else an engine of our own. */
export async function startTestWarehouse(): Promise<TestWarehouse> {
  const given = testServer('TEST_CLICKHOUSE_URL');
  if (given !== null) return onServer(given);
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-chdb-'));
  const server = await startEmbeddedWarehouse({ path: folder, port: 0 });
  return {
    url: server.url,
    async remove() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onServer(url: string): Promise<TestWarehouse> {
  const warehouse = openClickHouse({ url });
  const there = await warehouse.query<{ name: string }>('SELECT name FROM system.databases');
  const ours = there.filter(({ name }) => databases.includes(name));
  if (ours.length > 0) {
    await warehouse.close();
    throw new Error(`TEST_CLICKHOUSE_URL has ${ours.map(({ name }) => name)}: the tests drop what they make there`);
  }
  return {
    url,
    async remove() {
      for (const name of databases) await warehouse.run(`DROP DATABASE IF EXISTS ${name} SYNC`);
      await warehouse.close();
    },
  };
}
