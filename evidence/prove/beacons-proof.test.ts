import { expect, test } from 'vitest';
import { proveBeacons } from './beacons-proof.ts';
import type { ProofOptions } from './proof.ts';

test('a small run of the proof passes, and says of what', async () => {
  const lines: string[] = [];
  const options = { urls: 240, say: (line: string) => void lines.push(line) } as ProofOptions;
  const tally = await proveBeacons(options);
  expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
  expect(tally).toEqual({ passed: 7, failed: 0 });
  expect(lines[0]).toContain('240 of 240 genuine');
}, 60_000);
