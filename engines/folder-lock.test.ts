import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdFolder } from './folder-lock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-lock-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a folder has one holder at a time, by whatever path it is called, and another one after', async () => {
  const held = await holdFolder(join(folder, 'data'), 'the first');
  symlinkSync(join(folder, 'data'), join(folder, 'link'));
  await expect(holdFolder(join(folder, 'link'), 'the second')).rejects.toThrow(
    `in use by the first, pid ${process.pid}: stop it`,
  );
  const other = await holdFolder(join(folder, 'elsewhere'), 'the second');
  await held.release();
  await (await holdFolder(join(folder, 'data'), 'the second')).release();
  await other.release();
});

it('the folder of a process that was killed is free at once', async () => {
  const script = `const { holdFolder } = await import(${JSON.stringify(import.meta.resolve('./folder-lock.ts'))});
    await holdFolder(${JSON.stringify(folder)}, 'a child');
    console.log('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(holdFolder(folder, 'us')).rejects.toThrow(`in use by a child, pid ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await holdFolder(folder, 'us')).release();
});

it('`up` on a folder that is in use is refused before it starts anything', async () => {
  const held = await holdFolder(folder, 'a test');
  const main = new URL('../cli/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, 'up'], {
    env: { PATH: '/usr/bin:/bin', DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  let printed = '';
  child.stdout.on('data', (data) => (printed += data));
  const [code] = await once(child, 'close');
  expect([code, printed]).toEqual([1, '']);
  expect(said).toContain(`is in use by a test, pid ${process.pid}: stop it, or choose another DATA_DIR`);
  await held.release();
});
