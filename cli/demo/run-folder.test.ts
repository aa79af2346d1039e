import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRunFolder } from './run-folder.ts';

function used() {
  const folder = openRunFolder(undefined);
  for (const name of ['logs', 'state']) mkdirSync(join(folder.path, name));
  writeFileSync(join(folder.path, 'logs/decision-api.log'), 'why it did not start');
  writeFileSync(join(folder.path, 'settings.json'), '{}');
  return folder;
}

test('a demo that ended leaves nothing behind', () => {
  const folder = used();
  folder.release();
  expect(existsSync(folder.path)).toBe(false);
});

test('a demo that broke leaves what its processes said, and nothing else', () => {
  const folder = used();
  folder.release(true);
  expect(readdirSync(folder.path)).toEqual(['logs']);
  expect(readdirSync(join(folder.path, 'logs'))).toEqual(['decision-api.log']);
  rmSync(folder.path, { recursive: true });
});
