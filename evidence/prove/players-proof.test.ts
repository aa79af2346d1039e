import { expect, test } from 'vitest';
import { provePlayers } from './players-proof.ts';

test('generated decisions are valid in every dialect and read back; without schemas it says so', async () => {
  const lines: string[] = [];
  const tally = await provePlayers({
    dir: null,
    only: null,
    allowNo: [],
    deadLettersExpected: 0,
    runs: 0,
    decisions: 0,
    concurrency: 0,
    processes: 0,
    pods: 0,
    cases: 80,
    urls: 0,
    hostile: 2_000,
    xsd: null,
    say: (line) => void lines.push(line),
  });
  expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
  expect(lines[0]).toContain('xsd: not run');
  expect(tally).toEqual({ passed: 5, failed: 0 });
});
