import fc from 'fast-check';
import { contenders, fieldOf } from '../../domain/pods/field.ts';
import { solvePod as solvePlainly } from '../../domain/pods/plain-solver.ts';
import type { PodSolution } from '../../domain/pods/pod.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import { someCandidates, someRules } from '../../domain/pods/test-pods.ts';
import { checkProperty, sum } from './check-property.ts';
import type { ProofOptions, Tally } from './proofs.ts';

/** The fast solver answers what the plain one does; whom it cuts is missed by nobody; large pods reach the proven bound. */
export async function proveSolver(options: ProofOptions): Promise<Tally> {
  const few = Math.ceil(options.runs / 10);
  return sum([proveEqual(options), proveCut({ ...options, runs: few }), proveLarge({ ...options, runs: few })]);
}

/** All but the number of steps. */
function answerOf({ nodes, ads, ...answer }: PodSolution): string {
  return JSON.stringify({ ...answer, ads: ads.map((ad) => [ad.candidate.creativeId, ad.startSeconds]) });
}

function proveEqual(options: ProofOptions): Tally {
  let ads = 0;
  let conflicts = 0;
  const property = fc.property(someCandidates(0, 12), someRules, (candidates, rules) => {
    const plain = solvePlainly(candidates, rules);
    ads += plain.ads.length;
    conflicts += plain.conflicts;
    return answerOf(solvePod(candidates, rules)) === answerOf(plain);
  });
  const told = () => `${ads} ads placed, ${conflicts} conflicts`;
  return checkProperty('solver ≡ plain solver, up to 12 candidates', property, options, told);
}

function proveCut(options: ProofOptions): Tally {
  let cut = 0;
  const property = fc.property(someCandidates(8, 30), someRules, (candidates, drawn) => {
    const rules = { ...drawn, maxAds: Math.min(3, drawn.maxAds) };
    const left = contenders(fieldOf(candidates, rules), rules, 0).map(({ candidate }) => candidate);
    cut += candidates.length - left.length;
    const all = solvePlainly(candidates, rules);
    return answerOf({ ...solvePlainly(left, rules), conflicts: 0 }) === answerOf({ ...all, conflicts: 0 });
  });
  return checkProperty('whom the cut leaves out is in no best pod', property, options, () => `${cut} cut`);
}

function proveLarge(options: ProofOptions): Tally {
  let worst = 1;
  let inexact = 0;
  const property = fc.property(someCandidates(200, 200), someRules, (candidates, rules) => {
    const { value, bound, exact } = solvePod(candidates, { ...rules, nodeLimit: 20_000 });
    if (bound > 0) worst = Math.min(worst, value / bound);
    if (!exact) inexact += 1;
    return bound <= 0 || value >= 0.999 * bound;
  });
  const told = () => `worst ${(100 * worst).toFixed(3)} %, ${inexact} stopped at the node limit`;
  return checkProperty('200 candidates: value ≥ 99.9 % of the proven bound', property, options, told);
}
