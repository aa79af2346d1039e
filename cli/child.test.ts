import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** A process whose start fails `failures` times with this code, and then says so; what it closed it says too. */
function child(code: string, failures: number) {
  const program = `
    const { runUntilStopped } = await import(${here('./child.ts')});
    const { EngineError } = await import(${here('../engines/errors.ts')});
    const say = (word) => process.stdout.write(word + ' ');
    const logger = { info() {}, warn: () => say('again'), error() {}, fatal: () => say('fatal') };
    let tries = 0;
    const idle = setInterval(() => {}, 1000);
    await runUntilStopped(logger, async (opened) => {
      opened('one', async () => say('closed'));
      if (tries++ < ${failures}) throw new EngineError('${code}', 'the engine');
      say('started');
    });
  `;
  const started = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  started.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return { process: started, said: () => said, ended: once(started, 'exit') };
}

it('a process waits for an engine that does not answer, and closes what a failed try had opened', async () => {
  const { process: running, said, ended } = child('unavailable', 2);
  await expect.poll(said, { timeout: 10_000 }).toContain('started');
  running.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(said()).toBe('again closed again closed started closed ');
});

it('a process ends at once when a setting is wrong', async () => {
  const { said, ended } = child('misconfigured', 1);
  expect(await ended).toEqual([1, null]);
  expect(said()).toBe('fatal closed ');
});

it('a process that waits for an engine can be stopped', async () => {
  const { process: running, said, ended } = child('timeout', 1_000);
  await expect.poll(said, { timeout: 10_000 }).toContain('again');
  running.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
