import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { LmdbEnvironment } from './environment.ts';

let folder: string;
let environment: LmdbEnvironment | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-lmdb-'));
});
afterEach(async () => {
  await environment?.close();
  rmSync(folder, { recursive: true });
});

/** Has another process, as closing the file here would give up locks, do with the number of the newest commit as `mdb_env_open2` does. */
function lockFile(does: 'read' | number): number {
  const path = JSON.stringify(join(folder, 'lock.mdb'));
  const write = does === 'read' ? '' : `number.writeBigUInt64LE(${does}n); fs.writeSync(file, number, 0, 8, 8);`;
  const script = `const file = fs.openSync(${path}, 'r+'); const number = Buffer.alloc(8); ${write}
    fs.readSync(file, number, 0, 8, 8); process.stdout.write(String(number.readBigUInt64LE()));`;
  return Number(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);
}

test.each([true, false])('commits that an opening process makes LMDB forget stay (inline: %s)', async (inline) => {
  environment = new LmdbEnvironment({
    path: folder,
    clock: systemClock(),
    flush: true,
    inline,
    onError: (error) => expect.unreachable(String(error)),
  });
  const made = environment.table('made');
  const add = (text: string) => environment?.write(() => made.put(text, Buffer.from(text)));
  const expected: string[] = [];
  const commit = async () => {
    const text = String(expected.length).padStart(4, '0');
    await add(text);
    expected.push(text);
  };
  for (let round = 0; round < 5; round++) {
    await commit();
    const before = lockFile('read');
    // As many as make the older of the data file's two heads that of another commit, and one more.
    for (let commits = 0; commits < 1 + (round % 3); commits++) await commit();
    expect(lockFile('read')).toBe(before + 1 + (round % 3));
    lockFile(before);
    await commit();
    environment.refresh();
    expect([...made.getKeys()]).toEqual(expected);
  }
  lockFile(lockFile('read') - 1);
  expect(environment.writeSync(() => [...made.getKeys()])).toEqual(expected);
});

test('a process that opens the folder puts right what it made LMDB forget', async () => {
  const open = () =>
    new LmdbEnvironment({ path: folder, clock: systemClock(), flush: true, inline: false, onError: () => undefined });
  environment = open();
  const made = environment.table('made');
  for (const text of ['a', 'b', 'c']) await environment.write(() => made.put(text, Buffer.from(text)));
  const newest = lockFile('read');
  lockFile(newest - 1);
  environment.table('another');
  environment.refresh();
  expect([...made.getKeys()]).toEqual(['a', 'b', 'c']);
  expect(lockFile('read')).toBe(newest + 1);
});
