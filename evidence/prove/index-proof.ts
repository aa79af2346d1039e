import fc from 'fast-check';
import { type Counts, compare, operations } from '../../domain/targeting/index/test-operations.ts';
import { checkProperty } from './check-property.ts';
import type { ProofOptions, Tally } from './proofs.ts';

/** The index answers what the plain matcher answers, on generated catalogs that are changed between generated moments. */
export async function proveIndex(options: ProofOptions): Promise<Tally> {
  const counts: Counts = { matches: 0, misses: 0 };
  const property = fc.property(operations, (done) => compare(done, counts));
  return checkProperty(
    'index ≡ plain matcher',
    property,
    options,
    () => `${counts.matches} matches and ${counts.misses} misses compared`,
  );
}
