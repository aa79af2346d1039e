import { expect, test } from 'vitest';
import { proveApi } from './api-proof.ts';

test('generated requests, foreign ids and junk bring no fault and nothing of others, and half of the lawful are done', async () => {
  const said: string[] = [];
  const tally = await proveApi({ runs: 150, say: (line) => void said.push(line) });
  expect(tally.failed, said.join('\n')).toBe(0);
  expect(tally.passed).toBeGreaterThan(5);
}, 300_000);
