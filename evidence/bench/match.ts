import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTargetingIndex, type Targeted } from '../../domain/targeting/index/targeting-index.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { generateCampaigns, generateContexts } from './catalog.ts';
import { compare, here } from './interleave.ts';
import { leanLoop } from './lean-loop.ts';
import { atLeast, atMost, type BenchOptions, micros, type Row, type Rows, range, told } from './rows.ts';

/** The index ÷ a plain loop, at both sizes, with campaigns changed in between. */
export async function benchMatch({ say }: BenchOptions): Promise<Rows> {
  return {
    ...(await benchSize('10k', 10_000, { floor: 100, aim: 250, rounds: 9, checked: 60 }, say)),
    ...(await benchSize('100k', 100_000, { floor: 200, aim: 400, rounds: 5, checked: 6 }, say)),
  };
}

interface Size {
  readonly floor: number;
  readonly aim: number;
  readonly rounds: number;
  /** Moments whose answers are compared with the plain matcher's. */
  readonly checked: number;
}

async function benchSize(name: string, count: number, size: Size, say: (line: string) => void): Promise<Rows> {
  const campaigns = generateCampaigns(count, 7);
  const others = generateCampaigns(count, 11);
  const contexts = generateContexts(500, 13);
  const before = heldBytes();
  const index = createTargetingIndex<Targeted>();
  const loading = process.cpuUsage();
  for (const campaign of campaigns) index.put(campaign);
  const loaded = process.cpuUsage(loading);
  const megabytes = (heldBytes() - before) / 1e6;
  say(`  ${name}: ${count} campaigns of 2 rules × 12 dimensions in ${(loaded.user + loaded.system) / 1e6} s of CPU`);

  let turn = 0;
  const change = () => {
    const at = (turn++ * 7_919) % count;
    const changed = others[at] as Targeted;
    campaigns[at] = changed;
    index.put(changed);
  };
  const changing = await here('put', change).cpuMicros(500);
  const { mismatches, matched } = mismatchesOf(index, campaigns, contexts.slice(0, size.checked));
  const contextAt = (at: number) => contexts[at % contexts.length] as (typeof contexts)[number];
  const ours = here('index', (at) => index.match(contextAt(at)));
  const plain = here('plain', (at) => campaigns.filter((campaign) => matchCampaign(campaign, contextAt(at)).ok));
  const lean = leanLoop(campaigns);
  const leanly = here('lean', (at) => lean(contextAt(at)));
  const { rounds } = size;
  const slow = await compare(plain, ours, { rounds: Math.min(rounds, 5), blockMs: 150 });
  const quick = await compare(leanly, ours, { rounds, blockMs: 150 });
  const told100k = `${micros(changing / 500)} of CPU, after which ${size.checked} moments were compared`;
  const detail = (found: typeof slow, baseline: string) =>
    `index ${micros(found.micros.index)}, ${baseline} ${micros(found.micros[baseline])}; ${range(found.ratios)}`;
  const rows: Record<string, Row> = {
    [`match_${name}_plain_over_index`]: atLeast(slow.ratio, size.floor, size.aim, detail(slow, 'plain')),
    [`match_${name}_lean_loop_over_index`]: atLeast(quick.ratio, size.floor, size.aim, detail(quick, 'lean')),
    [`match_${name}_mismatches`]: atMost(mismatches, 0, 0, `${matched} matches compared after 500 changes`),
    [`match_${name}_put_us`]: told(changing / 500, told100k),
  };
  if (count === 100_000) rows.match_index_megabytes = atMost(megabytes, 200, 100, 'heap and buffers, after collecting');
  return rows;
}

function mismatchesOf(
  index: { match(context: ReturnType<typeof generateContexts>[number]): readonly Targeted[] },
  campaigns: readonly Targeted[],
  contexts: ReturnType<typeof generateContexts>,
): { readonly mismatches: number; readonly matched: number } {
  let mismatches = 0;
  let matched = 0;
  for (const context of contexts) {
    const ours = new Set(index.match(context));
    matched += ours.size;
    for (const campaign of campaigns) if (matchCampaign(campaign, context).ok !== ours.has(campaign)) mismatches += 1;
  }
  return { mismatches, matched };
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
