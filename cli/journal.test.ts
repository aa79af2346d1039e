import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';
import { type Bench, openBench, startWriter, texts } from '../engines/journal/fixture.ts';

const BREAKWATER = fileURLToPath(new URL('./breakwater.mjs', import.meta.url));
let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench[Symbol.asyncDispose]());

async function journal(...words: readonly string[]): Promise<string> {
  const env = environmentWith({ DATA_DIR: dirname(bench.journals), EVENT_LOG: '' });
  const { stdout } = await promisify(execFile)(process.execPath, [BREAKWATER, 'journal', ...words], { env });
  return stdout;
}

test('a journal is listed with its owner and what waits; adopting it is refused while that lives, and ships all after it', async () => {
  expect(await journal('list')).toBe('no journals\n');
  const writer = await startWriter(bench.journals);
  await expect.poll(() => writer.kept.length, { timeout: 20_000 }).toBeGreaterThan(100);
  expect(JSON.parse(await journal('list', '--json'))).toMatchObject({ state: 'alive', settled: false });
  await expect(journal('adopt', writer.path)).rejects.toMatchObject({ code: 1, stderr: /which lives/ });
  await writer.kill();

  const listed = JSON.parse(await journal('list', '--json'));
  expect(listed.state).toBe('gone');
  expect(listed.records).toBeGreaterThanOrEqual(writer.kept.length);
  expect(await journal('list')).toContain(`(gone)  ${listed.records} records`);
  expect(await journal('adopt', writer.path)).toContain(`${listed.records} records shipped\n`);
  const logged = await bench.logged();
  // Whoever adopts a journal says in its name that it is closed.
  expect(logged.filter((text) => text === 'closed')).toHaveLength(1);
  expect(logged).toHaveLength(listed.records + 1);
  expect(writer.kept.filter(({ text }) => !logged.includes(text))).toEqual([]);
  expect(await readdir(bench.journals)).toEqual([]);
  await expect(journal('adopt', writer.path)).rejects.toMatchObject({ stderr: /holds no journal/ });
}, 60_000);

test('dead letters are shipped again though the process that left them lives: it is done with their journal', async () => {
  bench.refused.add('b');
  const left = await bench.open();
  await left.put('ad-requests', texts('a', 'b', 'c'));
  await expect.poll(() => left.store.counts()).toMatchObject({ records: 0, deadLetters: 1 });
  await left.close(1_000);
  expect(JSON.parse(await journal('list', '--json'))).toMatchObject({ state: 'alive', settled: true, records: 0 });
  expect(await journal('list')).toContain('(settled)  0 records, 0 bytes, 1 dead letters');
  expect(await journal('adopt', left.path, '--revive')).toContain('1 records shipped\n');
  expect(await bench.logged()).toEqual(['a', 'c', 'closed', 'b', 'closed']);
  expect(await readdir(bench.journals)).toEqual([]);
}, 60_000);
