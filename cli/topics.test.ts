import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { environmentWith } from '../engines/config.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'breakwater-topics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function topics(words: readonly string[], settings: Record<string, string> = {}) {
  const env = environmentWith({ DATA_DIR: folder, PARTITIONS: '3', ...settings });
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'topics', ...words], { env, encoding: 'utf8' });
  return { status, out: stdout + stderr };
}

test('topics are listed, checked, created and grown, and every difference says how to mend it', () => {
  expect(topics([]).out).toContain('missing: ad-requests');
  const empty = topics(['check']);
  expect(empty.status).toBe(1);
  expect(empty.out.match(/is missing\n {2}to mend: breakwater topics create/g)).toHaveLength(7);

  expect(topics(['create'])).toMatchObject({ status: 0, out: expect.stringContaining('made ad-requests') });
  expect(topics(['create']).out).toContain('nothing was missing');
  expect(topics(['check'])).toMatchObject({ status: 0, out: '7 topics checked, 0 differences\n' });
  expect(topics([]).out).toMatch(/^ad-beacons +3 partitions +0 records {2}kept 35 days$/m);

  const wanting = topics(['check'], { PARTITIONS: '5' });
  expect(wanting.status).toBe(1);
  expect(wanting.out.match(/has 3 partitions, PARTITIONS is 5\n {2}to mend: breakwater topics grow 5/g)).toHaveLength(
    7,
  );

  expect(topics(['grow', '5']).out).toMatch(/^ad-requests +5 partitions/m);
  expect(topics(['check']).out).toContain('set PARTITIONS=5 (partitions cannot be taken away)');
  expect(topics(['check'], { PARTITIONS: '5' }).status).toBe(0);
  for (const few of ['4', '5', '2000']) expect(topics(['grow', few])).toMatchObject({ status: 1 });
  expect(topics([]).out).toMatch(/^ad-requests +5 partitions/m);
}, 60_000);
