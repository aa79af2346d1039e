import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import { adopt } from './adopt.ts';
import { type Bench, openBench, texts } from './fixture.ts';
import { isSettled } from './folders.ts';
import { peek } from './peek.ts';

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
