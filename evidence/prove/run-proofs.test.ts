import { expect, test } from 'vitest';
import { readArguments } from './read-arguments.ts';
import { runProofs } from './run-proofs.ts';

test('a proof that throws has failed, the next one runs, and the last line counts both', async () => {
  const lines: string[] = [];
  const { options } = readArguments([], null, []);
  const proofs = [
    { name: 'broken', about: '', run: () => Promise.reject(new Error('no server')) },
    { name: 'sound', about: '', run: () => Promise.resolve({ passed: 2, failed: 0 }) },
  ];
  expect(await runProofs(proofs, { ...options, say: (line) => lines.push(line) })).toEqual({ passed: 2, failed: 1 });
  expect(lines[1]).toContain('FAIL  broken: Error: no server');
  expect(lines.at(-1)).toBe('2 passed, 1 failed');
});
