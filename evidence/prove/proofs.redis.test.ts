import { expect, test } from 'vitest';
import { proofs } from './proofs.ts';
import { readArguments } from './read-arguments.ts';
import { runProofs } from './run-proofs.ts';

/** Proofs that no other test runs, with as few cases as their own floors of what must have been tried allow. */
const small: readonly (readonly [name: string, passed: number, args: readonly string[]])[] = [
  ['index', 2, ['--runs', '100']],
  ['solver', 6, ['--runs', '300']],
  ['separation', 1, ['--runs', '50']],
  ['caps', 3, ['--runs', '25', '--decisions', '1', '--concurrency', '8', '--processes', '2']],
  ['fill', 7, ['--pods', '300']],
];

test.each(small)(
  '%s is proven, a little',
  async (name, passed, args) => {
    const lines: string[] = [];
    const { options } = readArguments(args, null, []);
    const asked = proofs.filter((proof) => proof.name === name);
    const tally = await runProofs(asked, { ...options, say: (line) => lines.push(line) });
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(tally).toEqual({ passed, failed: 0 });
  },
  240_000,
);
