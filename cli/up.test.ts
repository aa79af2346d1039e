import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { type Endpoints, portOf, readEndpoints } from '../engines/endpoints.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Looked for in lists of processes and in their environments: no other may begin alike. */
let folder: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-up-'));
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `breakwater up` in the folder that all of these tests share, so that its tables are made once; or another command. */
function up(settings: Record<string, string> = {}, command = 'up') {
  const env = environmentWith({
    DATA_DIR: folder,
    TMPDIR: folder,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    PARTITIONS: '4',
    DEMO_PAGE: 'off',
    ...settings,
  });
  const child = spawn(process.execPath, [main, command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null]>;
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const says = async (line: string) => {
    await expect.poll(() => said.out + said.err, { timeout: 90_000, interval: 20 }).toContain(line);
  };
  return { child, said, says, ended: ended.then(([code]) => code) };
}

/** A port that somebody else has. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => void server.close());
  return (server.address() as { port: number }).port;
}

/** What runs on the folder: it names it among its words or in its environment. */
function running(): string[] {
  const of = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => `${of(pid, 'cmdline')} ${of(pid, 'environ')}`.includes(folder))
    .map((pid) => `${pid} ${of(pid, 'cmdline')}`);
}

test.each(['starting PostgreSQL', 'catalog: applying', 'starting decision-api'])(
  'a signal after "%s" ends the start at once, and nothing of it is left',
  async (line) => {
    const { child, said, says, ended } = up();
    await says(line);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(said).toEqual({ out: expect.stringMatching(/\nstopped\n$/), err: '' });
    expect(said.out).not.toContain('Breakwater is up');
    expect(running()).toEqual([]);
  },
  120_000,
);

test('a signal while the demo starts ends it likewise', async () => {
  const { child, said, says, ended } = up({}, 'demo');
  await says('starting decision-api');
  child.kill('SIGTERM');
  expect(await ended).toBe(1);
  expect(said.err).not.toMatch(/\n +at /);
  expect(running()).toEqual([]);
}, 120_000);

test('a port of workers that was set is for one of them, the others have free ones', async () => {
  const port = await freePort();
  const { child, says, ended } = up({ WORKER_PORT: String(port) });
  await says('Breakwater is up');
  const { workers = {} }: Endpoints = readEndpoints(folder);
  const ports = Object.fromEntries(Object.entries(workers).map(([name, url]) => [name, portOf(url)]));
  expect(ports['frequency+pacing+scoring']).toBe(port);
  expect(ports.warehouse).not.toBe(port);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
}, 120_000);

test('a port that is taken ends the start with what the process said, in one line', async () => {
  const port = await takenPort();
  const { said, ended } = up({ PORT: String(port) });
  expect(await ended).toBe(1);
  expect(said.err).toBe(
    `breakwater: decision-api cannot start: port ${port} is taken; choose another, or 0 for a free one (a setting is wrong); its log is ${join(folder, 'logs', 'decision-api.log')}\n`,
  );
  expect(running()).toEqual([]);
}, 50_000);

async function freePort(): Promise<number> {
  const port = await takenPort();
  await stops.pop()?.();
  return port;
}

test.each(['README.md/x', 'nosuch'])(
  'a data folder that cannot be made (%s) is told in one line',
  async (path) => {
    const where = path === 'nosuch' ? '/proc/nosuch' : fileURLToPath(new URL(`../${path}`, import.meta.url));
    const { said, ended } = up({ DATA_DIR: where });
    expect(await ended).toBe(1);
    expect(said.out).toBe('');
    expect(said.err).toMatch(
      /^breakwater: DATA_DIR cannot be made or written: .*; choose another \(a setting is wrong\)\n$/,
    );
    expect(existsSync(where)).toBe(false);
  },
  30_000,
);
