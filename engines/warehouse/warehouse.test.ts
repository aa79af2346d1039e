import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { containerWriter } from './avro-container.ts';
import { openClickHouse } from './clickhouse-warehouse.ts';
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from './embedded-server.ts';
import { type Migration, migrateWarehouse, warehouseMigrations } from './migrate.ts';
import { startTestWarehouse, type TestWarehouse } from './test-warehouse.ts';
import type { Warehouse } from './warehouse.ts';

let server: TestWarehouse;
let warehouse: Warehouse;

beforeAll(async () => {
  server = await startTestWarehouse();
  warehouse = openClickHouse({ url: server.url });
  await warehouse.run('CREATE DATABASE t ENGINE = Atomic');
  await warehouse.run(
    "CREATE TABLE t.rows (id UUID, n UInt64, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id",
  );
});

afterAll(async () => {
  await warehouse?.close();
  await server?.remove();
});

const writer = containerWriter<{ id: string; n: number; at: number }>({
  type: 'record',
  name: 'rows',
  fields: [
    { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'n', type: 'long' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
} as never);
const rowOf = (n: number) => ({
  id: `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`,
  n,
  at: 1_767_600_000_123,
});

describe('the warehouse port on the ClickHouse engine', () => {
  test('binds parameters of every kind, however long, and never reads them as SQL', async () => {
    const hostile = `it's \\ a "text"\t\n'); DROP TABLE t.rows --`;
    const long = Array.from({ length: 3000 }, (_, index) => `${index} ${hostile}`);
    const [row] = await warehouse.query(
      `SELECT {text:String} AS text, {none:Nullable(String)} AS none, {list:Array(UInt32)} AS list,
        {long:Array(String)}[3000] AS last, {yes:Bool} AS yes`,
      { text: hostile, none: null, list: [1, 2], long, yes: true },
    );
    expect(row).toEqual({ text: hostile, none: null, list: [1, 2], last: `2999 ${hostile}`, yes: true });
  });

  test('answers 64-bit integers as text, so that none is rounded', async () => {
    expect(await warehouse.query('SELECT toUInt64(9007199254740993) AS n')).toEqual([{ n: '9007199254740993' }]);
  });

  test('rows of an Avro container are readable once the insert resolves; an empty one is fine', async () => {
    await warehouse.insertAvro('t.rows', writer.write([rowOf(1), rowOf(2)]));
    await warehouse.insertAvro('t.rows', writer.write([]));
    expect(await warehouse.query('SELECT id, n, toString(at) AS at FROM t.rows WHERE n = 2')).toEqual([
      { id: rowOf(2).id, n: '2', at: '2026-01-05 08:00:00.123' },
    ]);
  });

  test('errors say by their code whether trying again can help', async () => {
    await expect(warehouse.query('SELEC 1')).rejects.toMatchObject({ code: 'refused', retryable: false });
    await expect(warehouse.run('DROP TABLE t.absent')).rejects.toMatchObject({ code: 'refused' });
    await expect(warehouse.insertAvro('t.rows', Buffer.from('not avro'))).rejects.toMatchObject({ code: 'refused' });
    await expect(warehouse.insertAvro('t.rows; DROP', Buffer.alloc(0))).rejects.toMatchObject({ code: 'refused' });
    const hasty = openClickHouse({ url: server.url, timeoutMs: 100 });
    await expect(hasty.query('SELECT sleep(1)')).rejects.toMatchObject({ code: 'timeout', retryable: true });
    await hasty.close();
    await expect(hasty.query('SELECT 1')).rejects.toMatchObject({ code: 'closed' });
    const away = openClickHouse({ url: 'http://127.0.0.1:1' });
    await expect(away.query('SELECT 1')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await away.close();
  });
});

describe('the bridge', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-chdb-'));
  let bridge: EmbeddedWarehouse;
  let bridged: Warehouse;
  beforeAll(async () => {
    bridge = await startEmbeddedWarehouse({ path: folder, port: 0 });
    bridged = openClickHouse({ url: bridge.url });
    await bridged.run('CREATE DATABASE t ENGINE = Atomic');
  });
  afterAll(async () => {
    await bridged?.close();
    await bridge?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the stock client pings, inserts rows and streams them back', async () => {
    const client = createClient({ url: bridge.url, database: 't' });
    expect(await client.ping()).toEqual({ success: true });
    await client.command({ query: 'CREATE TABLE pairs (k String, v UInt32) ENGINE = MergeTree ORDER BY k' });
    await client.insert({ table: 'pairs', values: [{ k: 'a;\n', v: 1 }], format: 'JSONEachRow' });
    const answer = await client.query({ query: 'SELECT * FROM pairs', format: 'JSONEachRow' });
    expect(await answer.json()).toEqual([{ k: 'a;\n', v: 1 }]);
    await client.close();
  });

  test('a setting of one request does not reach the next', async () => {
    const readonly = openClickHouse({ url: bridge.url, settings: { readonly: '1' } });
    await expect(readonly.run('CREATE TABLE t.no (a Int8) ENGINE = Memory')).rejects.toMatchObject({ code: 'refused' });
    await readonly.close();
    expect(await bridged.query(`SELECT getSetting('readonly') AS readonly`)).toEqual([{ readonly: 0 }]);
  });

  test('answers as ClickHouse does: 400 or 500, the code in a header, the text in the body', async () => {
    const response = await fetch(`${bridge.url}/`, { method: 'POST', body: 'SELEC 1' });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('62');
    expect(await response.text()).toMatch(/^Code: 62\. DB::Exception: /);
    const failing = await fetch(`${bridge.url}/?query=${encodeURIComponent('SELECT throwIf(1)')}`);
    expect(failing.status).toBe(500);
    expect((await fetch(`${bridge.url}/?a%20b=1`, { method: 'POST', body: 'SELECT 1' })).status).toBe(400);
  });

  test('turns web pages away', async () => {
    const response = await fetch(`${bridge.url}/?query=SELECT%201`, { headers: { origin: 'https://example.org' } });
    expect(response.status).toBe(403);
  });

  test('statements wait for each other rather than pile up in the engine', async () => {
    const all = Array.from({ length: 12 }, (_, n) => bridged.query(`SELECT sleep(0.02), ${n} AS n`));
    expect((await Promise.all(all)).flat()).toHaveLength(12);
  });
});

describe('migrations', () => {
  const first: Migration = {
    name: '0001-a.sql',
    sql: "CREATE TABLE breakwater.a (x String DEFAULT ';') ENGINE = Memory;",
  };

  test('are applied once, in order, and a second run does nothing', async () => {
    const lines: string[] = [];
    await migrateWarehouse(warehouse, (line) => lines.push(line));
    expect(lines).toHaveLength(warehouseMigrations().length);
    await migrateWarehouse(warehouse, (line) => lines.push(line));
    expect(lines).toHaveLength(warehouseMigrations().length);
    const undocumented = await warehouse.query(
      `SELECT table, name FROM system.columns WHERE database = 'breakwater' AND comment = ''`,
    );
    expect(undocumented).toEqual([]);
    await warehouse.run('DROP DATABASE breakwater');
  });

  test('go on where a run stopped', async () => {
    const two: Migration = {
      name: '0001-a.sql',
      sql: `${first.sql} CREATE TABLE breakwater.b (x Int8) ENGINE = Memory`,
    };
    let runs = 0;
    const dying: Warehouse = {
      ...warehouse,
      run: async (sql, parameters) => {
        if (/CREATE TABLE.*breakwater\.b/.test(sql) && runs++ === 0) throw new Error('killed');
        await warehouse.run(sql, parameters);
      },
    };
    await expect(migrateWarehouse(dying, () => undefined, [two])).rejects.toThrow('killed');
    await migrateWarehouse(dying, () => undefined, [two]);
    expect(
      await warehouse.query(
        `SELECT count() AS n FROM system.tables WHERE database = 'breakwater' AND name IN ('a', 'b')`,
      ),
    ).toEqual([{ n: '2' }]);
    await warehouse.run('DROP DATABASE breakwater');
  });

  test('refuse a changed, a missing and an inserted past, before doing anything', async () => {
    const second: Migration = { name: '0003-c.sql', sql: 'SELECT 1' };
    await migrateWarehouse(warehouse, () => undefined, [first, second]);
    const changed = migrateWarehouse(warehouse, () => undefined, [
      { ...first, sql: `${first.sql} ` },
      { name: '0002-b.sql', sql: 'DROP TABLE breakwater.a' },
    ]);
    await expect(changed).rejects.toMatchObject({ code: 'misconfigured' });
    await expect(changed).rejects.toThrow(
      /0001-a\.sql was changed.*0003-c\.sql was applied and is no longer.*0002-b\.sql is new but/s,
    );
    expect(await warehouse.query('SELECT count() AS n FROM breakwater.a')).toEqual([{ n: '0' }]);
    await warehouse.run('DROP DATABASE breakwater');
  });
});

describe('the embedded engine', () => {
  test('a SIGKILL loses no acknowledged row and does not keep the folder locked', async () => {
    const path = mkdtempSync(join(tmpdir(), 'breakwater-killed-'));
    const before = await startEmbeddedWarehouse({ path, port: 0 });
    const writes = openClickHouse({ url: before.url });
    await writes.run("CREATE TABLE t (id UUID, n UInt64, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id");
    await writes.insertAvro('t', writer.write([rowOf(1), rowOf(2), rowOf(3)]));
    process.kill(before.pid, 'SIGKILL');
    await sleep(20);
    await expect(writes.query('SELECT 1')).rejects.toMatchObject({ code: 'unavailable' });
    await writes.close();
    const after = await startEmbeddedWarehouse({ path, port: 0 });
    const reads = openClickHouse({ url: after.url });
    expect(await reads.query('SELECT count() AS n FROM t')).toEqual([{ n: '3' }]);
    await reads.close();
    await after.stop();
    await after.stop();
    rmSync(path, { recursive: true, force: true });
  });
});
