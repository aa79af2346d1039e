import fc from 'fast-check';
import { compare, noCounts, operations } from '../../domain/targeting/index/test-operations.ts';
import { checkProperty } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** The index answers what the plain matcher answers, on generated catalogs that are changed between generated moments. */
export async function proveIndex(options: ProofOptions): Promise<Tally> {
  const counts = noCounts();
  const property = fc.property(operations, (done) => compare(done, counts));
  return checkProperty('index ≡ plain matcher', property, options, () => {
    const { asked, updates, matches, misses, doubtful, lineages } = counts;
    const content = `${lineages} with categories above their own, ${doubtful} that may be sensitive`;
    return `${asked} moments (${content}) between ${updates} updates, ${matches} matches and ${misses} misses compared`;
  });
}
