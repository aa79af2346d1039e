import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createTargetingIndex,
  type Targeted,
  type TargetingIndex,
} from '../../domain/targeting/index/targeting-index.ts';
import { matchCampaign } from '../../domain/targeting/plain-matcher.ts';
import { generateCampaigns, generateContexts, hardShape, plainShape, type Shape } from './catalog.ts';
import { type Comparison, compare, here } from './interleave.ts';
import { leanLoop } from './lean-loop.ts';
import { atLeast, atMost, type BenchOptions, micros, type Row, type Rows, range, told } from './rows.ts';

/**
 * The index ÷ a plain loop, at both sizes: with one clause per campaign; and with two, places out of 10,000 cities, and campaigns
 * changed while it is measured.
 */
export async function benchMatch({ say }: BenchOptions): Promise<Rows> {
  const small = { count: 10_000, floor: 100, aim: 250, rounds: 9, checked: 60 };
  const large = { count: 100_000, floor: 200, aim: 400, rounds: 5, checked: 6 };
  return {
    ...(await benchPlain('match_10k', small, say)),
    ...(await benchHard('match_10k_cities', small, say)),
    ...(await benchPlain('match_100k', large, say)),
    ...(await benchHard('match_100k_cities', large, say)),
  };
}

interface Size {
  readonly count: number;
  readonly floor: number;
  readonly aim: number;
  readonly rounds: number;
  /** Moments whose answers are compared with the plain matcher's. */
  readonly checked: number;
}

type Say = (line: string) => void;
/** One campaign in so many moments is changed. */
const changeEvery = 100;
const contexts = generateContexts(500, 13);
const contextAt = (at: number) => contexts[at % contexts.length] as (typeof contexts)[number];

async function benchPlain(name: string, size: Size, say: Say): Promise<Rows> {
  const { index, campaigns } = fill(name, size.count, plainShape, say);
  const lean = leanLoop(campaigns);
  const ours = here('index', (at) => index.match(contextAt(at)));
  const found = await compare(
    here('lean', (at) => lean.match(contextAt(at))),
    ours,
    { ...size, blockMs: 150 },
  );
  return {
    [`${name}_lean_loop_over_index`]: atLeast(found.ratio, size.floor, size.aim, detailOf(found, 'lean')),
    ...checkedRow(name, index, campaigns, size, 'unchanged'),
  };
}

async function benchHard(name: string, size: Size, say: Say): Promise<Rows> {
  const { index, campaigns, megabytes } = fill(name, size.count, hardShape, say);
  const others = generateCampaigns(size.count, 11, hardShape);
  const lean = leanLoop(campaigns);
  let changes = 0;
  const waiting: { readonly at: number; readonly changed: Targeted }[] = [];
  const changeOne = (): void => {
    const at = (changes++ * 7_919) % size.count;
    const changed = others[at] as Targeted;
    campaigns[at] = changed;
    waiting.push({ at, changed });
    index.put(changed);
  };
  const ours = here('index', (turn) => {
    if (turn % changeEvery === 0) changeOne();
    return index.match(contextAt(turn));
  });
  const plain = here('plain', (at) => campaigns.filter((campaign) => matchCampaign(campaign, contextAt(at)).ok));
  // Each pays for its own share of a change; the list of the plain matcher costs nothing to change.
  const leanly = here('lean', (at) => {
    for (const { at: place, changed } of waiting.splice(0)) lean.put(place, changed);
    return lean.match(contextAt(at));
  });
  const slow = await compare(plain, ours, { rounds: Math.min(size.rounds, 5), blockMs: 150 });
  const quick = await compare(leanly, ours, { rounds: size.rounds, blockMs: 150 });
  const changing = await here('put', changeOne).cpuMicros(500);
  const between = `; a campaign changed before every ${changeEvery}th`;
  const rows: Record<string, Row> = {
    [`${name}_plain_over_index`]: atLeast(slow.ratio, size.floor, size.aim, detailOf(slow, 'plain') + between),
    [`${name}_lean_loop_over_index`]: atLeast(quick.ratio, size.floor, size.aim, detailOf(quick, 'lean') + between),
    ...checkedRow(name, index, campaigns, size, `after ${changes} changes`),
    [`${name}_put_us`]: told(changing / 500, 'CPU of one change, 500 of them'),
  };
  if (size.count === 100_000) {
    rows.match_index_megabytes = atMost(megabytes, 200, 100, 'heap and buffers at 100,000 campaigns, after collecting');
  }
  return rows;
}

function fill(name: string, count: number, shape: Shape, say: Say) {
  const campaigns = generateCampaigns(count, 7, shape);
  const before = heldBytes();
  const index = createTargetingIndex<Targeted>();
  const loading = process.cpuUsage();
  for (const campaign of campaigns) index.put(campaign);
  const loaded = process.cpuUsage(loading);
  const seconds = (loaded.user + loaded.system) / 1e6;
  say(`  ${name}: ${count} campaigns of ${shape.clauses} rules × 12 dimensions in ${seconds.toFixed(2)} s of CPU`);
  return { index, campaigns, megabytes: (heldBytes() - before) / 1e6 };
}

function detailOf(found: Comparison, baseline: string): string {
  return `index ${micros(found.micros.index)}, ${baseline} ${micros(found.micros[baseline])}; ${range(found.ratios)}`;
}

/** Compared with the plain matcher, campaign by campaign. */
function checkedRow(
  name: string,
  index: TargetingIndex<Targeted>,
  campaigns: readonly Targeted[],
  { checked }: Size,
  when: string,
): Rows {
  let mismatches = 0;
  let matched = 0;
  for (const context of contexts.slice(0, checked)) {
    const ours = new Set(index.match(context));
    matched += ours.size;
    for (const campaign of campaigns) if (matchCampaign(campaign, context).ok !== ours.has(campaign)) mismatches += 1;
  }
  const detail = `${checked} moments × ${campaigns.length} campaigns, ${matched} matches, ${when}`;
  return { [`${name}_mismatches`]: atMost(mismatches, 0, 0, detail) };
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
