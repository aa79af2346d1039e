import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../engines/warehouse/clickhouse-warehouse.ts';
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from '../engines/warehouse/embedded-server.ts';
import { readOnlySql } from '../engines/warehouse/read-only-sql.ts';
import { print, runSql, type SqlFormat } from './sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-sql-'));
let server: EmbeddedWarehouse;

beforeAll(async () => {
  server = await startEmbeddedWarehouse({ path: folder, port: 0 });
  const warehouse = openClickHouse({ url: server.url });
  await warehouse.run('CREATE DATABASE breakwater ENGINE = Atomic');
  await warehouse.run(
    'CREATE TABLE breakwater.t (a UInt64) ENGINE = MergeTree ORDER BY a AS SELECT number FROM numbers(3)',
  );
  await warehouse.close();
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function run(sql: string, format: SqlFormat = 'csv') {
  const collect = () => {
    const chunks: string[] = [];
    const stream = new Writable({ write: (chunk, _encoding, done) => done(void chunks.push(String(chunk))) });
    return { stream, text: () => chunks.join('') };
  };
  const [out, err] = [collect(), collect()];
  const code = await runSql({ url: server.url, sql, format, out: out.stream, err: err.stream });
  return { code, out: out.text(), err: err.text() };
}

test('prints what a query answers', async () => {
  expect(await run('SELECT a, a AS a FROM t ORDER BY a -- all')).toEqual({
    code: 0,
    out: 'a,a\r\n0,0\r\n1,1\r\n2,2\r\n',
    err: '',
  });
  expect((await run('SHOW TABLES', 'table')).out).toBe('name\n----\nt\n1 row\n');
  expect((await run('EXPLAIN SELECT 1')).code).toBe(0);
  expect((await run('DESCRIBE t')).out).toContain('UInt64');
});

test('refuses what does more than read, with 2 and the reason, before the warehouse sees it', async () => {
  expect(await run('DROP TABLE t')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('refused: ') });
  expect(await run(`SELECT file('/etc/hostname')`)).toMatchObject({ code: 2, out: '' });
  expect((await run('SELECT count() FROM t')).out).toBe('count()\r\n3\r\n');
});

test('knows every table function of this very engine that is not harmless, before the engine is asked', async () => {
  const names = (await run('SELECT name FROM system.table_functions')).out.split('\r\n').slice(1, -1);
  expect(names.length).toBeGreaterThan(20);
  const taken = names.filter((name) => {
    try {
      return readOnlySql(`SELECT * FROM ${name}(1, 2, 3)`) !== '';
    } catch {
      return false;
    }
  });
  const harmless =
    /^(numbers|numbers_mt|zeros|zeros_mt|generateSeries|generate_series|generateRandom|primes|values|SQLStandardValues|format|null)$/;
  expect(taken.filter((name) => !harmless.test(name))).toEqual([]);
});

test('says what the engine says about a query that fails, with 1', async () => {
  expect(await run('SELECT nope FROM t')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('nope') });
  expect(await run('SELECT number FROM numbers(200000)')).toMatchObject({
    code: 1,
    err: expect.stringContaining('TOO_MANY_ROWS'),
  });
});

const table = {
  names: ['name', 'n', '2'],
  types: ['String', 'Nullable(UInt64)', 'Array(String)'],
  rows: [
    ['a "b",\nc', '12', ['x']],
    ['=1+1', null, []],
  ],
};

test('a table is aligned, numbers to the right, and no value breaks its line', () => {
  expect(print(table, 'table')).toBe(
    ['name          n  2', '---------  ----  -----', 'a "b",\\nc    12  ["x"]', '=1+1       NULL  []', '2 rows\n'].join(
      '\n',
    ),
  );
});

test('CSV is RFC 4180; JSON keeps the order and the names of columns', () => {
  expect(print(table, 'csv')).toBe('name,n,2\r\n"a ""b"",\nc",12,"[""x""]"\r\n=1+1,,[]\r\n');
  expect(print(table, 'json')).toBe(
    '[\n  {"name":"a \\"b\\",\\nc","n":"12","2":["x"]},\n  {"name":"=1+1","n":null,"2":[]}\n]\n',
  );
  expect(print({ names: ['a'], types: ['String'], rows: [] }, 'json')).toBe('[]\n');
});
