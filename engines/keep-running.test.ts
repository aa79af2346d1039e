import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { keepRunning, type Server } from './keep-running.ts';
import { startEmbeddedWarehouse } from './warehouse/embedded-server.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-keep-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Fake extends Server {
  die(): void;
  readonly stopped: () => boolean;
}

function fake(url: string): Fake {
  const { promise, resolve } = Promise.withResolvers<string>();
  let stopped = false;
  const stop = async () => {
    stopped = true;
    resolve('stopped');
  };
  return { url, ended: promise, stop, die: () => resolve('SIGKILL'), stopped: () => stopped };
}

async function keep(...servers: readonly (Fake | Error)[]) {
  const left = [...servers];
  const said: string[] = [];
  const kept = await keepRunning({
    name: 'the server',
    clock: systemClock(),
    async start() {
      const next = left.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error('none is left');
      return next;
    },
    onProgress: (line) => said.push(line),
  });
  return { kept, left, said };
}

test('a server that dies is tried again until it runs at its old URL', async () => {
  const [first, elsewhere, third] = [fake('a'), fake('b'), fake('a')];
  const { kept, left, said } = await keep(first, new Error('not yet'), elsewhere, third);
  first.die();
  await expect.poll(() => left.length).toBe(0);
  expect(elsewhere.stopped()).toBe(true);
  expect(said).toEqual([
    'the server ended (SIGKILL); starting it again',
    'the server does not start: not yet',
    'the server does not start: its port is taken',
  ]);
  await kept.stop();
  expect(third.stopped()).toBe(true);
});

test('a server that was stopped stays away, also in the middle of trying again', async () => {
  const first = fake('a');
  const { kept, left } = await keep(first, new Error('not yet'));
  first.die();
  await expect.poll(() => left.length).toBe(0);
  await kept.stop();
  await kept.stop();
});

test('the engine of the warehouse answers again where it was after SIGKILL', async () => {
  const pids: number[] = [];
  let port = 0;
  const kept = await keepRunning({
    name: 'the warehouse',
    clock: systemClock(),
    async start() {
      const server = await startEmbeddedWarehouse({ path: folder, port });
      port = Number(new URL(server.url).port);
      pids.push(server.pid);
      return server;
    },
    onProgress: () => undefined,
  });
  // Never 0: that is our own process group, and whoever started it.
  process.kill(pids[0] ?? Number.NaN, 'SIGKILL');
  await expect.poll(() => pids.length, { timeout: 20_000 }).toBe(2);
  expect(await (await fetch(`${kept.url}/ping`)).text()).toBe('Ok.\n');
  await kept.stop();
}, 30_000);
