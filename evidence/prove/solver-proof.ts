import fc from 'fast-check';
import { contenders } from '../../domain/pods/contenders.ts';
import { fieldOf } from '../../domain/pods/field.ts';
import { solvePod as solvePlainly } from '../../domain/pods/plain-solver.ts';
import { isUsable, type PodRules, type PodSolution } from '../../domain/pods/pod.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import { anyLongRules, bestOfCrowd, crowdedCandidates, longRules } from '../../domain/pods/test-crowd.ts';
import { isPod, worth } from '../../domain/pods/test-is-pod.ts';
import { someCandidates, someRules, upToTwelve } from '../../domain/pods/test-pods.ts';
import { conflict } from '../../domain/separation.ts';
import { checkProperty, sum, withLeast } from './check-property.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** The fast solver answers what the plain one does; whom it cuts is missed by nobody; large pods reach the proven bound. */
export async function proveSolver(options: ProofOptions): Promise<Tally> {
  const few = Math.ceil(options.runs / 10);
  return sum([
    proveEqual(options),
    proveCut({ ...options, runs: few }),
    proveLarge({ ...options, runs: few }),
    proveLong({ ...options, runs: few }),
    proveCrowded({ ...options, runs: few }),
    proveApart({ ...options, runs: few }),
  ]);
}

/** All but the number of steps. */
function answerOf({ nodes, ads, backups, ...answer }: PodSolution): string {
  const told = ads.map((ad) => [ad.candidate.creativeId, ad.startSeconds]);
  return JSON.stringify({ ...answer, ads: told, backups: backups.map(({ creativeId }) => creativeId) });
}

/** By the rules written a second time: no pod, or one that keeps them all and is worth what it says. */
function isLawful({ ads, value, filledSeconds }: PodSolution, rules: PodRules): boolean {
  const own = ads.map(({ candidate }) => candidate);
  if (own.length === 0) return value === 0 && filledSeconds === 0;
  let seconds = 0;
  for (const { candidate, startSeconds } of ads) {
    if (startSeconds !== seconds) return false;
    seconds += candidate.durationSeconds;
  }
  return isPod(own, rules) && value === worth(own, rules.objective) && filledSeconds === seconds;
}

/** Whether competitors stand in one pod because seconds lie between them. */
function standApart({ ads }: PodSolution, { separation, minSeparationSeconds }: PodRules): boolean {
  const compete = (a: number, b: number) =>
    conflict(ads[a]?.candidate.categories ?? [], ads[b]?.candidate.categories ?? []);
  return (
    separation &&
    (minSeparationSeconds ?? 0) > 0 &&
    ads.some((_, late) => ads.slice(0, late).some((_, early) => compete(early, late)))
  );
}

/** How often each rule had something to say: in cases, or in ads placed. */
class Opportunities {
  readonly #counts = new Map<string, number>();

  count(what: string, more: number | boolean): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + Number(more));
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  toString(): string {
    return [...this.#counts].map(([what, count]) => `${count} ${what}`).join(', ');
  }
}

const ofThree = 'pods of three ads and more';
const secondsApart = 'pods with competitors seconds apart';

function proveEqual(options: ProofOptions): Tally {
  const seen = new Opportunities();
  const property = fc.property(upToTwelve, someRules, (candidates, rules) => {
    const plain = solvePlainly(candidates, rules);
    const { ads, backups, conflicts } = plain;
    const without = (changed: Partial<typeof rules>) =>
      JSON.stringify(solvePlainly(candidates, { ...rules, ...changed }).ads);
    const wish = (placed: string | null) => ads.filter(({ candidate }) => candidate.place === placed).length;
    seen.count('ads placed', ads.length);
    seen.count(ofThree, ads.length >= 3);
    seen.count(secondsApart, standApart(plain, rules));
    seen.count('conflicts', conflicts);
    seen.count('pods without separation', !rules.separation);
    seen.count(
      'pods that separation changed',
      rules.separation && without({ separation: false }) !== JSON.stringify(ads),
    );
    seen.count('pods to be filled exactly', rules.exactDuration && ads.length > 0);
    seen.count(
      'that exactness changed',
      rules.exactDuration && without({ exactDuration: false }) !== JSON.stringify(ads),
    );
    seen.count('with lengths allowed', rules.allowedDurations !== null);
    seen.count('ads that wanted to be first', wish('first'));
    seen.count('or last', wish('last'));
    seen.count('guaranteed ads', ads.filter(({ candidate }) => candidate.tier === 'guaranteed').length);
    seen.count('house ads', ads.filter(({ candidate }) => candidate.tier === 'house').length);
    seen.count('ads under a cap of their pod', ads.filter(({ candidate }) => candidate.podMax !== null).length);
    seen.count('backups', backups.length);
    return answerOf(solvePod(candidates, rules)) === answerOf(plain);
  });
  const title = 'solver ≡ plain solver, up to 12 candidates';
  const tally = checkProperty(title, property, options, () => seen.toString());
  const counts = { [ofThree]: seen.get(ofThree), [secondsApart]: seen.get(secondsApart) };
  const least = { [ofThree]: Math.floor(options.runs / 8), [secondsApart]: Math.floor(options.runs / 200) };
  return withLeast(title, tally, options, counts, least);
}

function proveCut(options: ProofOptions): Tally {
  let cut = 0;
  const property = fc.property(someCandidates(8, 30), someRules, (given, drawn) => {
    const rules = { ...drawn, maxAds: Math.min(3, drawn.maxAds), backupAds: 0 };
    const candidates = given.filter((ad) => isUsable(ad, rules));
    const left = contenders(fieldOf(candidates, rules), rules, 0).map(({ candidate }) => candidate);
    cut += candidates.length - left.length;
    const all = solvePlainly(candidates, rules);
    return answerOf({ ...solvePlainly(left, rules), conflicts: 0 }) === answerOf({ ...all, conflicts: 0 });
  });
  return checkProperty('whom the cut leaves out is in no best pod', property, options, () => `${cut} cut`);
}

function proveLarge(options: ProofOptions): Tally {
  let worst = 1;
  const counts = { inexact: 0, ads: 0 };
  const property = fc.property(someCandidates(200, 200), someRules, (candidates, drawn) => {
    const rules = { ...drawn, nodeLimit: 20_000 };
    const solution = solvePod(candidates, rules);
    const { value, bound, exact, ads } = solution;
    if (bound > 0) worst = Math.min(worst, value / bound);
    counts.inexact += Number(!exact);
    counts.ads += ads.length;
    return isLawful(solution, rules) && (bound <= 0 || value >= 0.999 * bound);
  });
  const told = () =>
    `${counts.ads} ads, worst ${(100 * worst).toFixed(3)} %, ${counts.inexact} stopped at the node limit`;
  const title = '200 candidates: lawful, and value ≥ 99.9 % of the proven bound';
  return withLeast(title, checkProperty(title, property, options, told), options, counts, {
    ads: Math.floor(options.runs / 2),
  });
}

/** Long pods, in which also ads far down the order stand, and films that many share. */
function proveLong(options: ProofOptions): Tally {
  const counts = { ads: 0, exact: 0, [secondsApart]: 0 };
  const property = fc.property(someCandidates(200, 200, 80), anyLongRules, (candidates, rules) => {
    const solution = solvePod(candidates, rules);
    counts.ads += solution.ads.length;
    counts.exact += Number(solution.exact);
    counts[secondsApart] += Number(standApart(solution, rules));
    return isLawful(solution, rules) && solution.value <= solution.bound;
  });
  const told = () =>
    `${counts.ads} ads, ${counts[secondsApart]} ${secondsApart}, ${counts.exact} proven to be the best`;
  const title = '200 candidates, up to 30 ads in ten minutes: lawful';
  return withLeast(title, checkProperty(title, property, options, told), options, counts, { ads: options.runs });
}

/** Many advertisers of few categories: what the bound does not know of competition would cost the whole proof. */
function proveCrowded(options: ProofOptions): Tally {
  let exact = 0;
  let none = 0;
  let pods = 0;
  const property = fc.property(crowdedCandidates(200), longRules([null]), (candidates, rules) => {
    const solution = solvePod(candidates, rules);
    const best = bestOfCrowd(candidates, rules);
    pods += 1;
    exact += Number(solution.exact);
    none += Number(best === null);
    const found = solution.ads.length > 0 || best === null || best <= 0;
    return isLawful(solution, rules) && solution.exact && solution.value === (best ?? 0) && found;
  });
  const told = () => `${exact} of ${pods} proven to be the best, ${none} that cannot be filled`;
  return checkProperty('200 advertisers in 3 to 12 categories ≡ one ad of each category', property, options, told);
}

/** The same, with competitors in one pod if seconds lie between them: the bound knows only how many fit, so it may be out of reach. */
function proveApart(options: ProofOptions): Tally {
  const shares: number[] = [];
  const counts = { exact: 0, [secondsApart]: 0 };
  const property = fc.property(crowdedCandidates(200), longRules([15, 30, 60]), (candidates, rules) => {
    const solution = solvePod(candidates, rules);
    counts.exact += Number(solution.exact);
    counts[secondsApart] += Number(standApart(solution, rules));
    if (solution.bound > 0) shares.push(solution.value / solution.bound);
    const never = bestOfCrowd(candidates, rules);
    return isLawful(solution, rules) && (never === null || solution.value >= never) && solution.value <= solution.bound;
  });
  const told = () => {
    const sorted = shares.toSorted((a, b) => a - b);
    const share = (part: number) => `${(100 * (sorted[Math.floor(part * (sorted.length - 1))] ?? 1)).toFixed(2)} %`;
    const ofBound = `of the bound the worst ${share(0)}, a tenth below ${share(0.1)}, the median ${share(0.5)}`;
    return `${counts[secondsApart]} ${secondsApart}, ${counts.exact} proven to be the best; ${ofBound}`;
  };
  const title = 'the same, competitors seconds apart: lawful, and no worse than without competitors';
  const tally = checkProperty(title, property, options, told);
  return withLeast(title, tally, options, counts, { [secondsApart]: Math.floor(options.runs / 10) });
}
