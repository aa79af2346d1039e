import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PROCESSES = 6;
const FOLDERS = 40;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'breakwater-secrets-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('processes that begin together have the same secrets, and none reads a half-written file', async () => {
  // All wait for one moment and then ask for one folder after the other.
  const script = `const { withSecrets } = await import(${JSON.stringify(import.meta.resolve('./secrets.ts'))});
    const { readConfig } = await import(${JSON.stringify(import.meta.resolve('./config.ts'))});
    process.stdout.write('ready\\n');
    await new Promise((go) => process.stdin.once('data', go));
    for (let n = 0; n < ${FOLDERS}; n++) {
      const { pepper, tokenKeys } = withSecrets(readConfig({ DATA_DIR: ${JSON.stringify(folder)} + '/' + n }));
      process.stdout.write(pepper + ' ' + tokenKeys[0].secret + '\\n');
    }
    process.exit(0);`;
  const children = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const told = await Promise.all(
    children.map(async (child) => {
      let said = '';
      child.stdout.on('data', (data) => (said += data));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      return { child, said: () => said };
    }),
  );
  const ended = told.map(({ child }) => new Promise<number | null>((resolve) => child.once('close', resolve)));
  for (const { child } of told) child.stdin.write('go\n');
  expect(await Promise.all(ended)).toEqual(told.map(() => 0));
  const secrets = told.map(({ said }) => said().trim().split('\n').slice(1));
  expect(secrets[0]).toHaveLength(FOLDERS);
  for (const one of secrets) expect(one).toEqual(secrets[0]);
  const left = Array.from({ length: FOLDERS }, (_, n) => readdirSync(join(folder, String(n))));
  expect(left.every((names) => names.join() === 'secrets.json')).toBe(true);
  expect(statSync(join(folder, '0', 'secrets.json')).mode & 0o777).toBe(0o600);
});
