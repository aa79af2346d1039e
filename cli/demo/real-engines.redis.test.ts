import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startRedis } from '../../compose/native/redis.ts';
import { serversDown, serversStatus } from '../../compose/native/servers.ts';
import { systemClock } from '../../engines/clock.ts';
import { cacheFolder, readConfig } from '../../engines/config.ts';
import { openStateStore } from '../../engines/open.ts';
import { serverFacts } from '../../engines/server-facts.ts';
import { realEngines } from './real-engines.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-real-'));
});

afterEach(async () => {
  await serversDown(join(folder, 'given'));
  rmSync(folder, { recursive: true, force: true });
});

it('a server that holds anything is refused before another one is started, and is left as it was', async () => {
  const redis = await startRedis({ path: join(folder, 'given', 'redis'), cacheDir: cacheFolder() });
  expect(await serverFacts('STATE_STORE', redis.url)).toEqual({ version: redis.version, holds: [] });
  const config = readConfig({ STATE_STORE: redis.url });
  const store = await openStateStore(config, systemClock());
  const [entry] = await store.read(['m:somebody']);
  if (entry) await store.swap('m:somebody', entry, Buffer.from('x'), 60_000);
  await store.close();
  const said: string[] = [];
  const asked = realEngines({ config, folder, run: 'demo', report: (line) => said.push(line) });
  await expect(asked).rejects.toMatchObject({ code: 'misconfigured' });
  await expect(asked).rejects.toThrow(
    /STATE_STORE holds 1 keys in database 0\..*deletes nothing|deletes nothing.*1 keys/,
  );
  expect(said).toEqual([]);
  expect(readdirSync(folder)).toEqual(['given']);
  expect(await serverFacts('STATE_STORE', redis.url)).toEqual({
    version: redis.version,
    holds: ['1 keys in database 0'],
  });
});

it('servers of a demo that was killed are stopped', async () => {
  const path = join(folder, 'given');
  const file = (name: string) => JSON.stringify(import.meta.resolve(name));
  const script = `const { startRedis } = await import(${file('../../compose/native/redis.ts')});
    const { guardServers } = await import(${file('./guard.ts')});
    guardServers(${JSON.stringify(path)});
    await startRedis({ path: ${JSON.stringify(join(path, 'redis'))}, cacheDir: '' });
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const redis = () => serversStatus(path).find(({ name }) => name === 'redis')?.pid;
  expect(redis()).toBeGreaterThan(0);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(redis()).toBeNull(), { timeout: 20_000, interval: 50 });
});

it('a server that does not answer is told by the variable that names it, never by its URL', async () => {
  const urls = {
    STATE_STORE: 'redis://user:secret@127.0.0.1:1',
    EVENT_LOG: 'kafka://127.0.0.1:1',
    CATALOG: 'postgres://user:secret@127.0.0.1:1/x',
    WAREHOUSE: 'http://user:secret@127.0.0.1:1',
  } as const;
  for (const [name, url] of Object.entries(urls) as [keyof typeof urls, string][]) {
    const asked = serverFacts(name, url);
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    await expect(asked).rejects.toThrow(new RegExp(`^${name}: (?!.*secret)`));
  }
});
