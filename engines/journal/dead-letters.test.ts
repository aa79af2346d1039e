import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import { adopt } from './adopt.ts';
import { type Bench, openBench, texts } from './fixture.ts';
import { isSettled } from './folders.ts';
import { countDeadLetters, peek } from './peek.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench[Symbol.asyncDispose]());

const clock = systemClock();

/** A journal that its owner left with dead letters alone in it. */
async function settledWith(...dead: readonly string[]): Promise<string> {
  const journal = await bench.open();
  for (const text of dead) bench.refused.add(text);
  await journal.put('ad-beacons', texts(...dead));
  await expect.poll(() => journal.store.counts()).toMatchObject({ records: 0, deadLetters: dead.length });
  await journal.close(1_000);
  expect(isSettled(journal.path)).toBe(true);
  for (const text of dead) bench.refused.delete(text);
  return journal.path;
}

test('dead letters that were to be shipped again are adopted like any records where that did not come to its end', async () => {
  const path = await settledWith('1', '2');
  bench.away = true;
  const giveUp = new AbortController();
  const quiet = () => undefined;
  const ended = adopt({
    path,
    revive: true,
    log: bench.log,
    clock,
    random: systemRandom(clock),
    signal: giveUp.signal,
    onOpened: quiet,
    onShipped: quiet,
    onDead: quiet,
    onError: () => giveUp.abort(),
  });
  expect(await ended).toBe('left');
  expect(await peek(path)).toMatchObject({ records: 2, deadLetters: [], settled: false });
  bench.away = false;
  bench.adopter();
  await expect.poll(() => existsSync(path), { timeout: 5_000 }).toBe(false);
  expect(await bench.logged('ad-beacons')).toEqual(['1', '2']);
});

test('dead letters are counted over all journals but our own, at once, and their owners write on', async () => {
  await settledWith('1', '2');
  const own = await bench.open();
  const other = await bench.open();
  bench.refused.add('3').add('4');
  await own.put('ad-beacons', texts('3'));
  await other.put('ad-beacons', texts('4'));
  for (const { store } of [own, other]) await expect.poll(() => store.counts().deadLetters).toBe(1);
  const counted: number[] = [];
  const errors: unknown[] = [];
  const { epoch } = other.store;
  const isOwn = (path: string) => path === own.path;
  bench.adopter({ isOwn, onCounted: (deadLetters) => counted.push(deadLetters), onError: (e) => errors.push(e) });
  await expect.poll(() => counted).toEqual([3]);
  await other.put('ad-requests', texts('after'));
  await expect.poll(() => bench.logged()).toContain('after');
  expect([other.store.epoch, errors]).toEqual([epoch, []]);
});

test('dead letters are counted while a process stands still inside a transaction of their journal', async () => {
  const path = await settledWith('1', '2');
  const script = `const { open } = await import(${JSON.stringify(import.meta.resolve('lmdb'))});
    open({ path: ${JSON.stringify(path)}, encoding: 'binary', maxDbs: 12 }).transactionSync(() => {
      process.stdout.write('inside');
      process.kill(process.pid, 'SIGSTOP');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    expect(await countDeadLetters(path)).toBe(2);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});

test('what an adopter finds refused is counted in its next round', async () => {
  bench.away = true;
  const journal = await bench.open();
  await journal.put('ad-beacons', texts('a', 'b'));
  await journal.close(50);
  bench.away = false;
  bench.refused.add('b');
  const counted: number[] = [];
  bench.adopter({ onCounted: (deadLetters) => counted.push(deadLetters) });
  await expect.poll(() => counted, { timeout: 5_000 }).toEqual([0, 1]);
  expect(isSettled(journal.path)).toBe(true);
});
