import type { Proof, ProofOptions, Tally } from './proof.ts';

/** Runs these proofs one after the other and says how many of their parts passed. One that throws has failed, and the rest goes on. */
export async function runProofs(proofs: readonly Proof[], options: ProofOptions): Promise<Tally> {
  const { say } = options;
  let passed = 0;
  let failed = 0;
  for (const proof of proofs) {
    say(`${proof.name}: ${proof.about}`);
    try {
      const tally = await proof.run(options);
      passed += tally.passed;
      failed += tally.failed;
    } catch (error) {
      say(`FAIL  ${proof.name}: ${error instanceof Error ? error.stack : String(error)}`);
      failed += 1;
    }
  }
  say(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}
