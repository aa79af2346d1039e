import fc from 'fast-check';
import { countForms, grownCases, noForms, operationsOf } from '../../domain/targeting/index/test-grown.ts';
import { compare, noCounts, operations } from '../../domain/targeting/index/test-operations.ts';
import { checkProperty, sum, withLeast } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** The index answers what the plain matcher answers, on generated catalogs that are changed between generated moments. */
export async function proveIndex(options: ProofOptions): Promise<Tally> {
  return sum([proveSmall(options), proveGrown({ ...options, runs: Math.ceil(options.runs / 25) })]);
}

function proveSmall(options: ProofOptions): Tally {
  const counts = noCounts();
  const property = fc.property(operations, (done) => compare(done, counts));
  return checkProperty('index ≡ plain matcher', property, options, () => {
    const { asked, updates, matches, misses, doubtful, lineages } = counts;
    const content = `${lineages} with categories above their own, ${doubtful} that may be sensitive`;
    return `${asked} moments (${content}) between ${updates} updates, ${matches} matches and ${misses} misses compared`;
  });
}

/** The same where the index has left its smallest form. */
function proveGrown(options: ProofOptions): Tally {
  const counts = noCounts();
  const forms = noForms();
  const property = fc.property(grownCases, (one) => {
    const done = operationsOf(one);
    countForms(done, forms);
    compare(done, counts);
  });
  const title = 'index ≡ plain matcher, beginning with 1,500 to 3,000 clauses';
  const tally = checkProperty(title, property, options, () => {
    const { grown, unfolded, dense, reused } = forms;
    const kinds = `${grown} that grew, ${unfolded} unfolded, ${dense} with dense excludes, ${reused} that used numbers again`;
    return `${kinds}; ${counts.asked} moments, ${counts.matches} matches and ${counts.misses} misses compared`;
  });
  return withLeast(
    title,
    tally,
    options,
    { ...forms },
    {
      grown: 1,
      unfolded: 1,
      dense: 1,
      reused: Math.floor(options.runs / 10),
    },
  );
}
