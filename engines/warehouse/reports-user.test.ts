import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClickHouse } from './clickhouse-warehouse.ts';
import { startEmbeddedWarehouse } from './embedded-server.ts';
import { migrateWarehouse } from './migrate.ts';
import { openReportReader } from './report-reader.ts';
import { splitStatements } from './statements.ts';

/**
 * compose/clickhouse/reports-user.sql on the real engine, as far as the embedded one goes: its parser reads every statement, and
 * the grants, the limits and the filters of the policies, put into the engine's own user configuration, are obeyed by it. Not run here: the
 * CREATE statements themselves, and a setting of one's own (SQL_organisation), which the embedded engine does not have.
 */
const file = new URL('../../compose/clickhouse/reports-user.sql', import.meta.url);
const statements = splitStatements(readFileSync(file, 'utf8'));
const policy = /CREATE ROW POLICY IF NOT EXISTS own ON(.*?)FOR SELECT USING (.*)\nTO breakwater_reports/s.exec(
  statements.find((one) => one.includes(' own ON')) ?? '',
);
const guarded = [...(policy?.[1] ?? '').matchAll(/breakwater\.(\w+)/g)].map(([, table]) => table ?? '');
const granted = statements.flatMap((one) => /^GRANT SELECT ON breakwater\.(\w+)/m.exec(one)?.[1] ?? []);
const ours = '00000000-0000-7000-a000-00000000000b';
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

let folder: string;
let child: ChildProcess;

async function ask(sql: string): Promise<{ rows?: readonly (readonly unknown[])[]; error?: string }> {
  child.send({ sql });
  const [said] = await once(child, 'message');
  return said as Awaited<ReturnType<typeof ask>>;
}

/** The same user as the file makes, in the words of users.xml; the organisation is a literal. */
function userConfiguration(): string {
  const filter = (policy?.[2] ?? '').replace("getSetting('SQL_organisation')", `'${ours}'`);
  const text = (plain: string) => plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<clickhouse>
  <profiles><default><readonly>2</readonly><max_execution_time>300</max_execution_time>
    <constraints><max_execution_time><max>300</max></max_execution_time></constraints></default></profiles>
  <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants>${granted.map((table) => `<query>GRANT SELECT ON breakwater.${table}</query>`).join('')}</grants>
    <databases><breakwater>${guarded.map((table) => `<${table}><filter>${text(filter)}</filter></${table}>`).join('')}</breakwater></databases>
  </default></users>
  <quotas><default></default></quotas>
</clickhouse>`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-reports-user-'));
  const data = join(folder, 'data');
  const server = await startEmbeddedWarehouse({ path: data, port: 0 });
  const warehouse = openClickHouse({ url: server.url });
  await migrateWarehouse(warehouse, () => undefined);
  await warehouse.run(
    'INSERT INTO breakwater.owners (organisation, advertiser) SELECT {ours:UUID}, {advertiser:UUID}',
    {
      ours,
      advertiser: id(1),
    },
  );
  // Of every three rows one is ours.
  for (const table of guarded) {
    await warehouse.run(
      `INSERT INTO breakwater.${table} (advertiser${keysOf(table)}) SELECT ['${id(1)}', '${id(2)}', '${id(3)}'][1 + number % 3]${valuesOf(table)} FROM numbers(30)`,
    );
  }
  await warehouse.close();
  await server.stop();
  writeFileSync(join(folder, 'users.xml'), userConfiguration());
  writeFileSync(
    join(folder, 'config.xml'),
    `<clickhouse><users_config>${folder}/users.xml</users_config></clickhouse>`,
  );
  child = fork(new URL('test-users-child.ts', import.meta.url), [data, join(folder, 'config.xml')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
}, 60_000);

afterAll(async () => {
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

/** What makes thirty rows thirty, and keeps them from being too old. */
function keysOf(table: string): string {
  if (table.startsWith('delivery_')) return `, source_partition, ${table.slice('delivery_'.length, -1)}`;
  return table === 'adjustments' ? ', id, at' : ', offset, minute';
}

function valuesOf(table: string): string {
  if (table === 'delivery_days') return ', number, today()';
  if (table.startsWith('delivery_')) return ', number, now()';
  return table === 'adjustments' ? ', generateUUIDv4(), now()' : ', number, now()';
}

it('is read by the engine’s own parser, statement by statement', async () => {
  expect(statements.length).toBeGreaterThan(10);
  for (const sql of statements)
    expect((await ask(`SELECT length(formatQuery('${sql.replaceAll("'", "''")}')) > 20`)).rows).toEqual([[1]]);
  expect((await ask(`SELECT formatQuery('CREATE ROW POLICY own ONTO x')`)).error).toContain('SYNTAX_ERROR');
});

it('guards every table with an advertiser that it lets be read, and keeps them open for all others', () => {
  expect(guarded.toSorted()).toEqual(
    granted
      .filter((table) => !table.startsWith('request') || table === 'request_ads')
      .filter((table) => !['owners', 'predictions'].includes(table))
      .toSorted(),
  );
  const others = statements.find((one) => one.includes('everything ON')) ?? '';
  expect([...others.matchAll(/breakwater\.(\w+)/g)].map(([, table]) => table)).toEqual(guarded);
});

it('sees rows of its organisation alone, also by pattern and through a view', async () => {
  for (const table of guarded)
    expect((await ask(`SELECT count(), uniqExact(advertiser) FROM breakwater.${table}`)).rows, table).toEqual([
      [10, 1],
    ]);
  expect((await ask(`SELECT count() FROM breakwater.beacons FINAL PREWHERE advertiser != '${id(1)}'`)).rows).toEqual([
    [0],
  ]);
  expect((await ask('SELECT count() FROM breakwater.predictions')).rows).toEqual([[0]]);
  const merged = await ask(`SELECT count() FROM merge('breakwater', '^beacons$')`);
  expect(merged.error ?? String(merged.rows?.[0]?.[0])).toMatch(/ACCESS_DENIED|^10$/);
});

it.each([
  'INSERT INTO breakwater.owners VALUES (generateUUIDv4(), generateUUIDv4())',
  'ALTER TABLE breakwater.beacons DELETE WHERE 1',
  'DROP TABLE breakwater.owners',
  'CREATE TABLE breakwater.x (a Int32) ENGINE = Memory',
  `SELECT * FROM file('/etc/hostname', 'LineAsString')`,
  `SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')`,
  'SELECT * FROM breakwater.signals',
  'SELECT * FROM breakwater.traffic_adjustments',
  'SELECT * FROM breakwater.campaign_traffic',
  'SELECT 1 SETTINGS max_execution_time = 301',
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT 1 SETTINGS readonly = 1',
])('may not: %s', async (sql) => {
  expect((await ask(sql)).error).toMatch(/ACCESS_DENIED|READONLY|SETTING_CONSTRAINT_VIOLATION/);
});

it('a reader for such a user says nothing of readonly, which the user may not change, and names the organisation', async () => {
  const asked: URL[] = [];
  const server = (await import('node:http')).createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://x'));
    response.end('');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  for (const rowPolicies of [true, false]) {
    const reader = openReportReader({ url: `http://127.0.0.1:${port}`, rowPolicies });
    await reader.query('SELECT 1', { organisation: ours });
    await reader.close();
  }
  server.close();
  const told = asked.map(({ searchParams }) => [searchParams.get('readonly'), searchParams.get('SQL_organisation')]);
  expect(told).toEqual([
    [null, `'${ours}'`],
    ['1', null],
  ]);
});
