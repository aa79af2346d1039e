import type { Objective } from '../../domain/campaign.ts';
import { solvePod as solvePlainly } from '../../domain/pods/plain-solver.ts';
import type { PodCandidate, PodRules } from '../../domain/pods/pod.ts';
import { solvePod } from '../../domain/pods/solver.ts';
import { seeded } from './catalog.ts';
import { startEcho } from './echo.ts';
import { compare, here, median } from './interleave.ts';
import { atLeast, atMost, type BenchOptions, micros, type Rows, range, told } from './rows.ts';

const objectives: readonly Objective[] = ['revenue', 'fill_rate', 'user_experience'];
const seconds = [15, 15, 20, 30, 30, 30, 45, 60];
const categories = Array.from({ length: 20 }, (_, at) => [{ id: `c${at}`, name: '', ancestors: [`root${at % 6}`] }]);

/** Candidates of a plausible catalog: prices grow with length, one to three categories for each advertiser. */
function generateCandidates(count: number, advertisers: number, seed: number): PodCandidate[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, at) => {
    const durationSeconds = seconds[draw(seconds.length)] ?? 30;
    const advertiser = draw(advertisers);
    return {
      campaignId: `campaign-${at}`,
      creativeId: `creative-${draw(1_000_000_000)}-${at}`,
      advertiserId: `advertiser-${advertiser}`,
      mediaUrls: [`https://cdn.example/${at}.mp4`],
      durationSeconds,
      categories: categories[(advertiser * 7 + draw(3)) % categories.length] ?? [],
      scoreMicros: durationSeconds * (300 + draw(900)),
      qualityCenti: 300 + draw(600),
      tier: draw(20) === 0 ? 'house' : 'standard',
      place: null,
      podMax: null,
    };
  });
}

function rulesOf(objective: Objective, minSeparationSeconds: number | null, changed: Partial<PodRules> = {}): PodRules {
  return {
    durationSeconds: 120,
    exactDuration: false,
    allowedDurations: null,
    backupAds: 0,
    minAds: 1,
    maxAds: 6,
    objective,
    separation: true,
    minSeparationSeconds,
    allowDuplicateAdvertisers: false,
    nodeLimit: 20_000,
    ...changed,
  };
}

const variants = objectives.flatMap((objective) => [rulesOf(objective, null), rulesOf(objective, 30)]);

/** Worth against the exact optimum and the bound; CPU against one echo over HTTP. */
export async function benchSolve({ say }: BenchOptions): Promise<Rows> {
  const exact = exactness();
  const large = provenOf(200, 60, { durationSeconds: 180, maxAds: 8 });
  const fifty = Array.from({ length: 60 }, (_, at) => generateCandidates(50, 25, 100 + at));
  await using echo = await startEcho();
  const solver = here('solver', (at) => solvePod(fifty[at % 60] ?? [], variants[at % variants.length] as PodRules));
  say('  50 candidates, 6 ads in 120 s, all objectives, competitors never or 30 s apart');
  const found = await compare(solver, echo, { rounds: 11, blockMs: 120 });
  const largest = Array.from({ length: 20 }, (_, at) => generateCandidates(1_000, 200, 500 + at));
  const thousand = await here('', (at) =>
    solvePod(largest[at % 20] ?? [], variants[at % variants.length] as PodRules),
  ).cpuMicros(200);
  return {
    solve_value_over_exact_percent: atLeast(exact.percent, 100, 100, `${exact.pods} pods of up to 12 candidates`),
    solve_proven_200_percent: atLeast(
      large.percent,
      99.9,
      100,
      `the worst of ${large.pods}; most nodes ${large.nodes}`,
    ),
    solve_50_cpu_over_echo: atMost(
      found.ratio,
      1,
      0.5,
      `solver ${micros(found.micros.solver)}, echo ${micros(found.micros.echo)}; ${range(found.ratios)}`,
    ),
    solve_1000_us: told(thousand / 200, '1,000 candidates of 200 advertisers'),
  };
}

function exactness(): { readonly percent: number; readonly pods: number } {
  const shares: number[] = [];
  for (let seed = 0; seed < 100; seed++) {
    const candidates = generateCandidates(4 + (seed % 9), 8, 900 + seed);
    for (const rules of variants) {
      const best = solvePlainly(candidates, { ...rules, nodeLimit: 10_000_000 });
      const ours = solvePod(candidates, rules);
      // Worth more than the best there is, is as wrong as worth less.
      const [less, more] = [Math.min(best.value, ours.value), Math.max(best.value, ours.value)];
      shares.push(less === more ? 1 : less / more);
    }
  }
  return { percent: 100 * Math.min(...shares), pods: shares.length };
}

function provenOf(count: number, advertisers: number, changed: Partial<PodRules>) {
  const shares: number[] = [];
  const nodes: number[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const candidates = generateCandidates(count, advertisers, 2_000 + seed);
    for (const rules of variants) {
      const solution = solvePod(candidates, { ...rules, ...changed });
      shares.push(solution.value / solution.bound);
      nodes.push(solution.nodes);
    }
  }
  return { percent: 100 * Math.min(...shares), pods: shares.length, nodes: Math.max(...nodes), usual: median(nodes) };
}
