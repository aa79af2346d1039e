import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { type LivingServer, livingServer } from './postgres-leftover.ts';

const root = process.getuid?.() === 0;
let folder: string;
let path: string;
let servers: EmbeddedPostgres[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-postgres-'));
  path = join(folder, 'catalog');
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ path, port: 0, ...options });
  servers.push(server);
  return server;
}

async function query(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed breaks the connection outside of any query.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Starts the server in a process of its own; answers that process and the URL. */
async function startElsewhere(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const script = `const { startEmbeddedPostgres } = await import(${JSON.stringify(import.meta.resolve('./embedded-postgres.ts'))});
    console.log((await startEmbeddedPostgres({ path: ${JSON.stringify(path)}, port: 0 })).url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (line) => resolve(String(line).trim())),
  );
  return { child, url };
}

/** The server on the data folder, whose cluster may lie elsewhere (root without user namespaces). */
async function running(): Promise<LivingServer> {
  const elsewhere = (await readFile(join(path, 'elsewhere'), 'utf8').catch(() => path)).trim();
  const living = await livingServer(join(elsewhere, 'pgdata'));
  if (living === null) throw new Error(`no server runs on ${elsewhere}`);
  return living;
}

const ended = (child: ChildProcess) => new Promise<void>((resolve) => child.once('exit', () => resolve()));

test('a second start keeps data, port and password; the password is nobody else’s to read', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  await expect(query(first.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT answer FROM kept')).toBe(42);
  expect((await stat(join(path, 'password'))).mode & 0o777).toBe(0o600);
  await expect(query(second.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
});

test('a kept port that somebody else took is replaced; a port that was asked for is not', async () => {
  const first = await start();
  await first.stop();
  const port = Number(new URL(first.url).port);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
  try {
    await expect(start({ port })).rejects.toMatchObject({ code: 'misconfigured' });
    const second = await start();
    expect(new URL(second.url).port).not.toBe(String(port));
    expect(await query(second.url, 'SELECT 1')).toBe(1);
  } finally {
    await new Promise((resolve) => squatter.close(resolve));
  }
});

test('a server that was killed starts again with what it had committed, although its lock file is still there', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  process.kill((await running()).pid, 'SIGKILL');
  const second = await start();
  expect(await query(second.url, 'SELECT answer FROM kept')).toBe(42);
});

test('a server is shared while its process lives, and taken over when that was killed', async () => {
  const { child, url } = await startElsewhere();
  const sharing = await start();
  expect(sharing.url).toBe(url);
  await sharing.stop();
  expect(await query(url, 'SELECT 1')).toBe(1);
  child.kill('SIGKILL');
  await ended(child);
  const said: string[] = [];
  const second = await start({ onProgress: (text) => said.push(text) });
  expect(said.filter((text) => text.includes('left over'))).toHaveLength(1);
  expect(await query(second.url, 'SELECT 1')).toBe(1);
});

test('Ctrl-C in the terminal does not reach the server: it is in a session of its own', async () => {
  await start();
  const { pid } = await running();
  const status = await readFile(`/proc/${pid}/stat`, 'utf8');
  const session = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[3]);
  expect(session).toBe(pid);
});

test.runIf(root)('as root without user namespaces it runs as nobody, in a folder that nobody can reach', async () => {
  // As /tmp is: open to all. The data folder is not, like one below root's home.
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'home', 'clone'), { recursive: true });
  await chmod(join(folder, 'home'), 0o700);
  path = join(folder, 'home', 'clone', 'catalog');
  vi.stubEnv('TMPDIR', folder);
  try {
    const said: string[] = [];
    const first = await start({ asRoot: 'setuid', onProgress: (text) => said.push(text) });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const elsewhere = (await readFile(join(path, 'elsewhere'), 'utf8')).trim();
    expect(said.join('\n')).toContain(elsewhere);
    expect((await stat(join(elsewhere, 'pgdata'))).uid).toBe(65534);
    await first.stop();
    const again = await start({ asRoot: 'setuid' });
    expect(await query(again.url, 'SELECT answer FROM kept')).toBe(42);
    await again.stop();
    await rm(elsewhere, { recursive: true });
    await expect(start({ asRoot: 'setuid' })).rejects.toThrow(/are gone/);
  } finally {
    vi.unstubAllEnvs();
  }
});
