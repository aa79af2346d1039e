import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const main = join(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'breakwater-read-json-'));
const file = join(folder, 'campaign.json');
writeFileSync(file, '{"name": ');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['campaigns create', ['campaigns', 'create', file]],
  ['experiments put', ['experiments', 'put', file]],
])(
  '%s says in a line that a file is not JSON',
  (_, words) => {
    const env = { ...process.env, DATA_DIR: folder };
    const { status, stderr } = spawnSync(process.execPath, [main, ...words], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^breakwater: .*campaign\.json is not JSON: .+\n$/);
  },
  30_000,
);
