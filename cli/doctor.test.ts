import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateCatalog } from '../engines/catalog/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../engines/catalog/test-postgres.ts';
import { systemClock } from '../engines/clock.ts';
import { environmentWith } from '../engines/config.ts';
import { openLmdbEventLog } from '../engines/event-log/lmdb-event-log.ts';
import { openDesk } from '../engines/open.ts';
import { systemRandom } from '../engines/random.ts';
import { openLmdbStateStore } from '../engines/state-store/lmdb-state-store.ts';
import { openClickHouse } from '../engines/warehouse/clickhouse-warehouse.ts';
import { type EmbeddedWarehouse, startEmbeddedWarehouse } from '../engines/warehouse/embedded-server.ts';
import { migrateWarehouse } from '../engines/warehouse/migrate.ts';
import { administerKey } from '../management-api/access/administer.ts';
import { topics } from '../schemas/events.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Nothing listens there: port 9 is discard's, and nobody runs that. */
const NOBODY = '127.0.0.1:9';
const PARTITIONS = 4;
/** Root may write everywhere. */
const NOBODY_ELSE = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

let folder: string;
let postgres: TestPostgres;
let warehouse: EmbeddedWarehouse;
let desk: Awaited<ReturnType<typeof openDesk>>;

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly mend?: string;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-doctor-'));
  await chmod(folder, 0o755);
  postgres = await startTestPostgres();
  await migrateCatalog(postgres.url);
  desk = await openDesk(postgres.url, null);
  warehouse = await startEmbeddedWarehouse({ path: join(folder, 'warehouse'), port: 0 });
}, 120_000);

afterAll(async () => {
  await desk?.close();
  await postgres?.remove();
  await warehouse?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** What `breakwater doctor` finds with these settings over those of the house, and how it ends. */
async function doctor(settings: Record<string, string> = {}, dataDir = join(folder, 'data'), user = {}) {
  const env = environmentWith({
    DATA_DIR: dataDir,
    CATALOG: postgres.url,
    WAREHOUSE: warehouse.url,
    PARTITIONS: String(PARTITIONS),
    ...settings,
  });
  const child = spawn(process.execPath, [main, 'doctor', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...user,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const { ok, findings } = JSON.parse(text) as { ok: boolean; findings: Finding[] };
  expect(code).toBe(ok ? 0 : 1);
  // Whatever is not well says how to mend it.
  for (const each of findings) if (each.state !== 'ok') expect(each.mend).toMatch(/\w/);
  const of = (name: string) =>
    findings.filter((each) => each.name === name).map(({ state, detail }) => `${state}: ${detail}`);
  return { ok, findings, of };
}

const shifted = (ms: number) =>
  `--import data:text/javascript,${encodeURIComponent(`const now = Date.now; Date.now = () => now() + ${ms};`)}`;

test('a folder that is not there yet, and no process, no key, no tables of the warehouse', async () => {
  const { of, ok } = await doctor();
  expect(of('settings')).toEqual(['ok: every variable can be read']);
  expect(of('versions')).toEqual([expect.stringMatching(/^ok: breakwater \d+\.\d+\.\d+, node 24\./)]);
  expect(of('disk')).toEqual([expect.stringMatching(/^warn: .*data is not there$/)]);
  expect(of('ports')).toEqual(['warn: no process is known on this data folder']);
  expect(of('migrations')).toEqual([expect.stringMatching(/^ok: all \d+ of the catalog are applied$/)]);
  expect(of('clocks')).toEqual([expect.stringMatching(/^ok: catalog/), expect.stringMatching(/^ok: warehouse/)]);
  expect(of('warehouse')).toEqual(['fail: it has no tables']);
  expect(of('event log')).toEqual([expect.stringMatching(/^warn: .*log is not there yet$/)]);
  expect(of('state store')).toEqual([expect.stringMatching(/^warn: .*state is not there yet$/)]);
  expect(of('keys')).toEqual(['warn: there is no good API key', 'ok: one machine keeps its own secrets']);
  expect(ok).toBe(false);
}, 60_000);

test.each([
  ['a file', join(import.meta.dirname, 'main.ts'), /main\.ts is no folder$/],
  ['a folder in a file', join(import.meta.dirname, 'main.ts', 'x'), /main\.ts is no folder$/],
  ['a folder where there is no room', '/proc/nosuch', /^fail: 0\.0 GiB free under \/proc$/],
])(
  'a DATA_DIR that can be none, %s, is one thing to mend, and the rest is told too',
  async (_, path, said) => {
    const { of, ok } = await doctor({}, path);
    expect(of('disk')).toEqual([expect.stringMatching(/^fail: /)]);
    expect(of('disk')[0]).toMatch(said);
    expect(of('versions')).toHaveLength(1);
    expect(of('migrations')).toHaveLength(1);
    expect(ok).toBe(false);
  },
  60_000,
);

test('a DATA_DIR that this user may not write is told, also where it would only be made there', async () => {
  for (const path of ['sealed', join('sealed', 'new')]) {
    mkdirSync(join(folder, 'sealed'), { recursive: true });
    chmodSync(join(folder, 'sealed'), 0o555);
    const { of } = await doctor({}, join(folder, path), NOBODY_ELSE);
    expect(of('disk')).toEqual([expect.stringMatching(/^fail: EACCES: permission denied, access /)]);
  }
}, 60_000);

test('a house that is whole, but for its processes, is well', async () => {
  const clock = systemClock();
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const log = openLmdbEventLog({ path: join(data, 'log'), clock });
  await log.ensureTopics(
    topics.map(({ name, retentionDays }) => ({
      name,
      partitions: PARTITIONS,
      retentionMs: retentionDays * 86_400_000,
    })),
  );
  await log.close();
  await openLmdbStateStore({ path: join(data, 'state'), clock }).close();
  await administerKey({ desk, clock, random: systemRandom(clock) }, { name: 'first', role: 'admin' });
  const opened = openClickHouse({ url: warehouse.url });
  await migrateWarehouse(opened, () => undefined);
  await opened.close();
  const { of, ok, findings } = await doctor();
  expect(findings.filter(({ state }) => state === 'fail')).toEqual([]);
  expect(of('event log')).toEqual([expect.stringMatching(/^ok: \d+ topics as configured$/)]);
  expect(of('state store')).toEqual(['ok: LMDB answers']);
  expect(of('warehouse')).toEqual([expect.stringMatching(/^ok: ClickHouse .* tables and views$/)]);
  expect(of('keys')).toEqual(['ok: there is a good API key', 'ok: one machine keeps its own secrets']);
  expect(ok).toBe(true);
}, 120_000);

test('settings that cannot be read are told one by one, and nothing else is looked at', async () => {
  const { findings, ok } = await doctor({ PARTITIONS: 'none', MANAGEMENT_PORT: '-1' });
  expect(findings.map(({ name, state }) => `${state} ${name}`)).toEqual(['fail settings', 'fail settings']);
  expect(findings.map(({ detail }) => detail).join()).toMatch(
    /PARTITIONS.*MANAGEMENT_PORT|MANAGEMENT_PORT.*PARTITIONS/s,
  );
  expect(ok).toBe(false);
}, 60_000);

test('topics that are not as configured, a disk that is too full, an admin key that others can read', async () => {
  const data = join(folder, 'data');
  writeFileSync(join(data, 'admin-key'), 'bw_x');
  chmodSync(join(data, 'admin-key'), 0o644);
  const { of } = await doctor({ PARTITIONS: '8', JOURNAL_DISK_FREE: '999999GiB' });
  expect(of('disk')).toEqual([expect.stringMatching(/^fail: [\d.]+ GiB free/)]);
  expect(of('event log').length).toBeGreaterThan(0);
  for (const each of of('event log')) expect(each).toMatch(/^fail: .*4.*8/);
  expect(of('keys')).toContain('fail: admin-key can be read by others');
  chmodSync(join(data, 'admin-key'), 0o600);
  expect((await doctor()).of('keys')).not.toContain('fail: admin-key can be read by others');
}, 60_000);

test('engines that do not answer, and secrets that shared engines need', async () => {
  const { of } = await doctor({
    CATALOG: `postgres://x:y@${NOBODY}/z`,
    WAREHOUSE: `http://${NOBODY}`,
    STATE_STORE: `redis://${NOBODY}`,
    EVENT_LOG: `kafka://${NOBODY}`,
  });
  for (const name of ['catalog', 'warehouse', 'event log', 'state store']) {
    expect([name, ...of(name)]).toEqual([name, expect.stringMatching(/^fail: .*(does not answer|in time)/)]);
  }
  expect(of('keys')).toEqual(['fail: PEPPER and TOKEN_KEYS are not set beside shared engines']);
}, 120_000);

test('a file of secrets is enough for shared engines, where it holds some', async () => {
  const file = join(folder, 'shared-secrets.json');
  const settings = { STATE_STORE: `redis://${NOBODY}`, SECRETS_FILE: file };
  expect((await doctor(settings)).of('keys')).toContainEqual(expect.stringMatching(/^fail: .*holds no secrets/));
  writeFileSync(file, JSON.stringify({ tokenKeys: [{ id: 'k1', secret: 'x'.repeat(32) }], pepper: 'y'.repeat(32) }));
  expect((await doctor(settings)).of('keys')).toContain('ok: SECRETS_FILE holds token keys and a pepper');
}, 120_000);

test('migrations that wait, and those that only a newer release knows', async () => {
  const [last] = (
    await desk.system((sql) => sql.query<{ name: string }>('SELECT max(name) AS name FROM schema_migrations'))
  ).rows;
  const put = (text: string, name = last?.name) => desk.system((sql) => sql.query(text, [name]));
  const row = "INSERT INTO schema_migrations (name, sha256) VALUES ($1, 'x')";
  await put('DELETE FROM schema_migrations WHERE name = $1');
  expect((await doctor()).of('migrations')).toEqual([`fail: 1 wait, ${last?.name} first`]);
  await put(row);
  await put(row, '9999-of-the-future.sql');
  expect((await doctor()).of('migrations')).toEqual([
    'fail: the catalog holds 9999-of-the-future.sql, which this release does not know',
  ]);
  await put('DELETE FROM schema_migrations WHERE name = $1', '9999-of-the-future.sql');
}, 60_000);

test.each([
  [10_000, 'warn'],
  [-60_000, 'fail'],
])(
  'a clock that is %d ms away from the servers’: %s',
  async (ms, state) => {
    const { of } = await doctor({ NODE_OPTIONS: shifted(ms) });
    const expected = [
      expect.stringMatching(`^${state}: catalog and this machine`),
      expect.stringMatching(`^${state}: warehouse`),
    ];
    expect(of('clocks')).toEqual(expected);
  },
  60_000,
);

test('a process that is known and gone, and one that is not ready', async () => {
  const data = join(folder, 'data');
  const known = { management: `http://${NOBODY}`, moreDecisionApis: { 2: `http://${NOBODY}/second` } };
  writeFileSync(join(data, 'endpoints.json'), JSON.stringify(known));
  expect((await doctor()).of('ports')).toEqual([
    `warn: decision API 2 does not answer at http://${NOBODY}/second`,
    `warn: management does not answer at http://${NOBODY}`,
  ]);
  // Without a catalog, now or ever before, nothing can be decided.
  const other = join(folder, 'other');
  const env = environmentWith({
    DATA_DIR: other,
    CATALOG: `postgres://x:y@${NOBODY}/z`,
    LOG_LEVEL: 'fatal',
    PORT: '0',
    PARTITIONS: '4',
  });
  const waiting = spawn(process.execPath, [main, 'serve', 'decision'], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    await expect
      .poll(async () => (await doctor({}, other)).of('ports'), { timeout: 90_000, interval: 500 })
      .toEqual([expect.stringMatching(/^fail: decision API at .*"ready":false/)]);
  } finally {
    const ended = once(waiting, 'exit');
    waiting.kill('SIGKILL');
    await ended;
  }
}, 120_000);
