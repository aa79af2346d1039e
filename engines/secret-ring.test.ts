import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { PEPPER_OVERLAP_MS, rotatePepper, rotateTokenKeys, SecretRing } from './secret-ring.ts';
import { type KeptSecrets, readSecrets, secretSettings, withSecrets, writeSecrets } from './secrets.ts';

let folder: string;
const NOW = 1_800_000_000_000;
const LIFE_MS = 900_000;
const first: KeptSecrets = { tokenKeys: [{ id: 'k1', secret: 's'.repeat(32) }], pepper: 'p'.repeat(32) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-ring-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a process follows the file: the new key verifies at once and signs from its moment on', () => {
  let now = NOW;
  const config = withSecrets(readConfig({ DATA_DIR: folder }));
  const path = config.secretsFile ?? '';
  writeSecrets(path, first);
  const ring = new SecretRing(config, () => now);
  const { secrets, from } = rotateTokenKeys(readSecrets(path), now, LIFE_MS);
  writeSecrets(path, secrets);
  ring.refresh();
  expect(ring.tokenKeys.map(({ id }) => id)).toEqual(['k1', 'k2']);
  now = from;
  expect(ring.tokenKeys.map(({ id }) => id)).toEqual(['k2', 'k1']);
});

test('a file that is broken for a moment leaves the last good secrets', () => {
  const config = withSecrets(readConfig({ DATA_DIR: folder }));
  const path = config.secretsFile ?? '';
  const ring = new SecretRing(config, () => NOW);
  writeSecrets(path, {} as KeptSecrets);
  ring.refresh();
  expect(ring.tokenKeys).toHaveLength(1);
});

test('a key whose beacons may still come is not dropped: a second rotation waits for the end of its tokens', () => {
  const once = rotateTokenKeys(first, NOW, LIFE_MS);
  expect(() => rotateTokenKeys(once.secrets, NOW + 60_000, LIFE_MS)).toThrow('two keys live');
  const again = rotateTokenKeys(once.secrets, once.from + 60_000 + LIFE_MS, LIFE_MS);
  expect(again.secrets.tokenKeys.map(({ id }) => id)).toEqual(['k3', 'k2']);
});

test('an older pepper is read for the longest window and a day, and until then there is no third', () => {
  const { secrets, until } = rotatePepper(first, NOW);
  expect(until).toBe(NOW + PEPPER_OVERLAP_MS);
  expect(() => rotatePepper(secrets, until - 1)).toThrow('two peppers live');
  writeSecrets(join(folder, 'secrets.json'), secrets);
  let now = NOW;
  const ring = new SecretRing(withSecrets(readConfig({ DATA_DIR: folder })), () => now);
  expect(ring.peppersBefore).toEqual([first.pepper]);
  now = until;
  expect(ring.peppersBefore).toEqual([]);
});

test('a child follows the same file; what is configured is handed on as it is', () => {
  const { secretsFile } = withSecrets(readConfig({ DATA_DIR: folder }));
  expect(secretSettings(withSecrets(readConfig({ DATA_DIR: folder })))).toEqual({ SECRETS_FILE: secretsFile });
  const settings = { TOKEN_KEYS: `a:${'x'.repeat(32)}`, PEPPER: 'y'.repeat(32), PEPPER_BEFORE: 'z'.repeat(32) };
  expect(secretSettings(withSecrets(readConfig({ DATA_DIR: folder, ...settings })))).toEqual(settings);
  expect(() => readConfig({ SECRETS_FILE: 'f', ...settings })).toThrow('SECRETS_FILE');
});
