import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('--version is the name and version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  expect(run('--version')).toEqual({ status: 0, stdout: `breakwater ${version}\n`, stderr: '' });
}, 30_000);

test.each(['show', 'erase'])(
  'viewers %s of what is no address is refused in a line',
  (command) => {
    const { status, stderr } = run('viewers', command, '--scope', 'ip', '--id', 'nonsense');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^breakwater: nonsense is no address that .*\n$/)]);
  },
  30_000,
);

test.each([
  ['demo --virtual --crash 1', /^breakwater: --crash and --virtual do not go together: .*\n$/],
  ['demo --virtual --apis 2', /^breakwater: --virtual is one process on embedded engines: .*\n$/],
  ['users change 1 --disable --enable', /^error: option '--disable' cannot be used with option '--enable'\n/],
])(
  '%s contradicts itself, and is refused in a line',
  (line, said) => {
    const { status, stdout, stderr } = run(...line.split(' '));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n +at /);
  },
  30_000,
);
