import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFolder } from '../../engines/config.ts';
import { startClickHouse } from './clickhouse.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { endServer, startServer } from './server-process.ts';
import { serversDown, serversStatus, serversUp } from './servers.ts';

const SERVERS_MS_MAX = 300_000;
let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'breakwater-servers-'));
});

afterEach(async () => {
  await serversDown(path);
  await rm(path, { recursive: true });
});

function ask(url: string, question: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(question));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().trim());
    });
    socket.once('error', reject);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  // The server may be killed while we are connected.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

it(
  'brings all servers up once, finds them again, and stops them',
  async () => {
    const options = { path, cacheDir: cacheFolder() };
    const first = await serversUp(options);
    expect(first.map(({ url }) => url.split(':')[0])).toEqual(['postgres', 'http', 'redis', 'kafka']);
    expect(first.every(({ version }) => /^\d+\.\d+/.test(version))).toBe(true);
    const again = await serversUp(options);
    expect(again.map(({ pid, url }) => [pid, url])).toEqual(first.map(({ pid, url }) => [pid, url]));
    expect(serversStatus(path)).toEqual(first.map(({ name, pid, version }) => ({ name, pid, version })));
    expect(await serversDown(path)).toEqual(['kafka', 'redis', 'clickhouse', 'postgresql']);
    expect(serversStatus(path).map(({ pid }) => pid)).toEqual([null, null, null, null]);
  },
  SERVERS_MS_MAX,
);

it('a killed Redis comes back on its port with what it had acknowledged', async () => {
  // Below the range that the system hands out, or another test could be given it while the server is down.
  const port = 20_000 + (process.pid % 10_000);
  const redis = await startRedis({ path: join(path, 'redis'), cacheDir: cacheFolder(), port });
  expect(await ask(redis.url, 'SET kept yes\r\n')).toBe('+OK');
  const { url } = redis;
  await redis.kill();
  expect(redis.pid).toBeNull();
  await redis.restart();
  expect(redis.url).toBe(url);
  expect(await ask(url, 'GET kept\r\n')).toBe('$3\r\nyes');
  expect(await ask(url, 'CONFIG GET maxmemory-policy\r\n')).toContain('noeviction');
});

it('a killed PostgreSQL comes back on its port with what it had committed', async () => {
  const server = await startPostgres({ path: join(path, 'postgresql'), cacheDir: cacheFolder() });
  const { url } = server;
  await withClient(url, (client) => client.query('CREATE TABLE kept AS SELECT 42 AS n'));
  await server.kill();
  expect(server.pid).toBeNull();
  await server.restart();
  expect(server.url).toBe(url);
  const { rows } = await withClient(url, (client) => client.query('SELECT n FROM kept'));
  expect(rows).toEqual([{ n: 42 }]);
});

it('a killed ClickHouse engine comes back on its port with what it had stored', async () => {
  const server = await startClickHouse({ path: join(path, 'clickhouse'), cacheDir: cacheFolder() });
  const sql = async (statement: string) => (await fetch(server.url, { method: 'POST', body: statement })).text();
  const { url } = server;
  await sql('CREATE DATABASE t ENGINE = Atomic');
  await sql('CREATE TABLE t.kept ENGINE = MergeTree ORDER BY n AS SELECT 42 AS n');
  await server.kill();
  expect(server.pid).toBeNull();
  await server.restart();
  expect(server.url).toBe(url);
  expect((await sql('SELECT n FROM t.kept')).trim()).toBe('42');
});

it('a server that does not come up is unavailable, shows the end of its log, and leaves no process', async () => {
  const args = ['-e', 'console.log("nothing works"); setTimeout(() => undefined, 60_000)', path];
  const plan = { name: 'broken', path, program: process.execPath, args, startMsMax: 1_000, ready: () => false };
  await expect(startServer(plan)).rejects.toThrow(/did not answer within 1000 ms(.|\n)*nothing works/);
  expect(spawnSync('pgrep', ['-f', path]).stdout.toString()).toBe('');
  await endServer(path, 'SIGTERM');
});
