import fc from 'fast-check';
import type { Tally } from './proofs.ts';

/** Checks a property and says so in one line: cases, what they were opportunities for, and the seed. */
export function checkProperty(
  name: string,
  property: fc.IRawProperty<unknown, false>,
  { runs, say }: { readonly runs: number; readonly say: (line: string) => void },
  opportunities: () => string,
): Tally {
  const details = fc.check(property, { numRuns: runs });
  const { failed, numRuns, seed } = details;
  if (!failed) {
    say(`ok    ${name}: ${numRuns} cases, ${opportunities()}; seed ${seed}`);
    return { passed: 1, failed: 0 };
  }
  say(`FAIL  ${name}: ${fc.defaultReportMessage(details)}`);
  return { passed: 0, failed: 1 };
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
  };
}
