import fc from 'fast-check';
import type { Tally } from './proof.ts';

interface Checked {
  readonly runs: number;
  readonly say: (line: string) => void;
}

/** Checks a property and says so in one line: cases, what they were opportunities for, and the seed. */
export function checkProperty(
  name: string,
  property: fc.IRawProperty<unknown, false>,
  { runs, say }: Checked,
  opportunities: () => string,
): Tally {
  return told(name, fc.check(property, { numRuns: runs }), say, opportunities);
}

/** The same of a property that takes its time. */
export async function checkSlowProperty(
  name: string,
  property: fc.IAsyncProperty<unknown>,
  { runs, say }: Checked,
  opportunities: () => string,
): Promise<Tally> {
  return told(name, await fc.check(property, { numRuns: runs, endOnFailure: true }), say, opportunities);
}

function told(name: string, details: fc.RunDetails<unknown>, say: Checked['say'], opportunities: () => string): Tally {
  const { failed, numRuns, seed } = details;
  if (numRuns < 1) {
    say(`FAIL  ${name}: no case was tried`);
    return { passed: 0, failed: 1 };
  }
  if (!failed) {
    say(`ok    ${name}: ${numRuns} cases, ${opportunities()}; seed ${seed}`);
    return { passed: 1, failed: 0 };
  }
  say(
    `FAIL  ${name}: ${details.errorInstance instanceof Error ? details.errorInstance.stack : ''}\n${fc.defaultReportMessage(details)}`,
  );
  return { passed: 0, failed: 1 };
}

/** Fails where what was tried is less than `least`: a zero beside it proves nothing. */
export function withLeast(
  name: string,
  tally: Tally,
  { say }: Pick<Checked, 'say'>,
  counts: Readonly<Record<string, number>>,
  least: Readonly<Record<string, number>>,
): Tally {
  if (tally.failed > 0) return tally;
  const few = Object.entries(least).filter(([what, wanted]) => (counts[what] ?? 0) < wanted);
  if (few.length === 0) return tally;
  const told = few.map(([what, wanted]) => `${counts[what] ?? 0} ${what} where ${wanted} are wanted`);
  say(`FAIL  ${name}: too little was tried: ${told.join(', ')}`);
  return { passed: 0, failed: 1 };
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
  };
}
