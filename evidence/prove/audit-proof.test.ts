import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleRun } from '../audit/sample-run.ts';
import { proveAudit } from './audit-proof.ts';
import { writeRun } from './write-run.ts';

let dir = '';

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'breakwater-sample-'));
  await writeRun(sampleRun(), dir);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('every fault planted in the files of a small run is called by its name, and the untouched copy is exact', async () => {
  const lines: string[] = [];
  const tally = await proveAudit({
    dir,
    only: null,
    allowNo: [],
    deadLettersExpected: 0,
    runs: 1,
    decisions: 0,
    concurrency: 0,
    processes: 0,
    urls: 0,
    cases: 0,
    hostile: 0,
    xsd: null,
    pods: 0,
    say: (line) => lines.push(line),
  });
  expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
  expect(tally.failed).toBe(0);
  expect(tally.passed).toBeGreaterThan(15);
}, 360_000);
