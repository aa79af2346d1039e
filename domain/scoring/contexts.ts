import type { CampaignContexts, ContextFactor } from '../../schemas/records.ts';

/** What a rate depends on besides the ad. */
export const contextDimensions = ['device_type', 'content_category', 'hour', 'position'] as const;
export type ContextDimension = (typeof contextDimensions)[number];

/** A moment, as contexts see it. Null: not known. */
export interface Moment {
  readonly deviceType: string | null;
  readonly contentCategory: string | null;
  /** 0 to 23, UTC. */
  readonly hour: number;
  /** In the pod, from 1. */
  readonly position: number | null;
}

/** What the rates of a moment are by those of the ad; 1: the same. */
export interface Factors {
  readonly ctr: number;
  readonly completion: number;
}

/** A campaign's factors, ready to be looked up. */
export type ContextTable = ReadonlyMap<ContextDimension, ReadonlyMap<string, Factors>>;

/** How many expected clicks and completes a parent's factor is worth to its child. */
const WEIGHT = { clicks: 20, completes: 50 } as const;
/** Factors go out in hundredths, and nearer to 1 than two of them not at all. */
const STEP_PPM = 10_000;
const LEAST_STEPS = 2;
/** All dimensions together move a rate by no more than this: they are learnt one by one and may say the same thing twice. */
const MOST = 4;

interface Sums {
  clicks: number;
  expectedClicks: number;
  completes: number;
  expectedCompletes: number;
}

interface Rated extends CampaignContexts {
  readonly ctr: number;
  readonly completion: number;
}

const none: Factors = { ctr: 1, completion: 1 };

/** Factors of every campaign that was counted, and of the others by their category or of all. */
export interface Learnt {
  of(campaign: string, category: string | null): readonly ContextFactor[];
}

/**
 * Learns the factors of every value of every dimension: what was observed over what the campaign's own rates lead to expect, so
 * that a good campaign on one device does not make that device look good. Each is drawn towards its parent's, campaign to
 * advertiser (within a category) to category to all, and all to 1, by Gamma priors. Sums go in the given order.
 */
export function learnContexts(
  campaigns: readonly CampaignContexts[],
  categoryOf: (campaign: string) => string | null,
): Learnt {
  const rated = rate(campaigns);
  const everything = new Level(() => null);
  const categories = new Level(() => everything.at(''));
  const advertisers = new Level((key) => categories.at(key.slice(key.indexOf(' ') + 1)));
  const parents = new Map<string, string>();
  const own = new Level((campaign) => advertisers.at(parents.get(campaign) ?? ''));
  for (const one of rated) {
    const category = categoryOf(one.campaign) ?? '';
    const advertiser = `${one.advertiser} ${category}`;
    parents.set(one.campaign, advertiser);
    everything.add('', one);
    if (category !== '') categories.add(category, one);
    advertisers.add(advertiser, one);
    own.add(one.campaign, one);
  }
  const told = new Map<string, readonly ContextFactor[]>();
  return {
    of(campaign, category) {
      const known = parents.has(campaign);
      const key = known ? `campaign ${campaign}` : `category ${category ?? ''}`;
      const before =
        told.get(key) ?? (known ? own.at(campaign) : categories.at(category ?? '')).told(everything.at(''));
      told.set(key, before);
      return before;
    },
  };
}

/** Each with its own rates over all contexts, drawn towards those of all. Every ad has a position, so positions add up to all of them. */
function rate(campaigns: readonly CampaignContexts[]): readonly Rated[] {
  const totals = campaigns.map(({ cells }) => {
    const sum = { impressions: 0, starts: 0, completes: 0, clicks: 0 };
    for (const cell of cells) {
      if (cell.dimension !== 'position') continue;
      sum.impressions += cell.impressions_milli;
      sum.starts += cell.starts_milli;
      sum.completes += Math.min(cell.completes_milli, cell.starts_milli);
      sum.clicks += Math.min(cell.clicks_milli, cell.impressions_milli);
    }
    return sum;
  });
  const all = (field: keyof (typeof totals)[number]) => totals.reduce((sum, one) => sum + one[field], 0);
  const ctr = all('clicks') / Math.max(1, all('impressions'));
  const completion = all('completes') / Math.max(1, all('starts'));
  return campaigns.map((one, index) => {
    const own = totals[index] ?? { impressions: 0, starts: 0, completes: 0, clicks: 0 };
    return {
      ...one,
      ctr: (own.clicks + 200_000 * ctr) / (own.impressions + 200_000),
      completion: (own.completes + 20_000 * completion) / (own.starts + 20_000),
    };
  });
}

/** The groups of one level of the hierarchy. */
class Level {
  readonly #parentOf: (key: string) => Group | null;
  readonly #groups = new Map<string, Group>();

  constructor(parentOf: (key: string) => Group | null) {
    this.#parentOf = parentOf;
  }

  at(key: string): Group {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const made = new Group(this.#parentOf(key));
    this.#groups.set(key, made);
    return made;
  }

  add(key: string, campaign: Rated): void {
    this.at(key).add(campaign);
  }
}

class Group {
  readonly #parent: Group | null;
  readonly #sums = new Map<string, Sums>();

  constructor(parent: Group | null) {
    this.#parent = parent;
  }

  add({ cells, ctr, completion }: Rated): void {
    for (const cell of cells) {
      const key = keyOf(cell.dimension, cell.value);
      const sums = this.#sums.get(key) ?? { clicks: 0, expectedClicks: 0, completes: 0, expectedCompletes: 0 };
      sums.clicks += Math.min(cell.clicks_milli, cell.impressions_milli) / 1_000;
      sums.expectedClicks += (cell.impressions_milli / 1_000) * ctr;
      sums.completes += Math.min(cell.completes_milli, cell.starts_milli) / 1_000;
      sums.expectedCompletes += (cell.starts_milli / 1_000) * completion;
      this.#sums.set(key, sums);
    }
  }

  factors(key: string): Factors {
    const sums = this.#sums.get(key);
    const parent = this.#parent?.factors(key) ?? none;
    if (sums === undefined) return parent;
    return {
      ctr: (sums.clicks + WEIGHT.clicks * parent.ctr) / (sums.expectedClicks + WEIGHT.clicks),
      completion: (sums.completes + WEIGHT.completes * parent.completion) / (sums.expectedCompletes + WEIGHT.completes),
    };
  }

  /** What is worth saying of each value that anybody has met. */
  told(everything: Group): readonly ContextFactor[] {
    return [...everything.#sums.keys()].sort().flatMap((key): ContextFactor[] => {
      const { ctr, completion } = this.factors(key);
      const [dimension = '', value = ''] = key.split('\n');
      const factor = { dimension, value, ctr_ppm: stepped(ctr), completion_ppm: stepped(completion) };
      return factor.ctr_ppm === 1_000_000 && factor.completion_ppm === 1_000_000 ? [] : [factor];
    });
  }
}

function keyOf(dimension: string, value: string): string {
  return `${dimension}\n${value}`;
}

function stepped(factor: number): number {
  const steps = Math.round(((Math.min(MOST, Math.max(1 / MOST, factor)) - 1) * 1_000_000) / STEP_PPM);
  return 1_000_000 + (Math.abs(steps) < LEAST_STEPS ? 0 : steps * STEP_PPM);
}

/** Null: nothing differs anywhere. A dimension that this release does not know is passed over. */
export function contextTable(factors: readonly ContextFactor[]): ContextTable | null {
  const table = new Map<ContextDimension, Map<string, Factors>>();
  for (const { dimension, value, ctr_ppm, completion_ppm } of factors) {
    const name = contextDimensions.find((one) => one === dimension);
    if (name === undefined) continue;
    const values = table.get(name) ?? new Map<string, Factors>();
    table.set(name, values.set(value, { ctr: ctr_ppm / 1_000_000, completion: completion_ppm / 1_000_000 }));
  }
  return table.size === 0 ? null : table;
}

/** The factors of a moment: those of its values multiplied. */
export function factorsAt(table: ContextTable, { deviceType, contentCategory, hour, position }: Moment): Factors {
  const found = [
    table.get('device_type')?.get(deviceType ?? ''),
    table.get('content_category')?.get(contentCategory ?? ''),
    table.get('hour')?.get(hourNames[hour] ?? ''),
    position === null ? undefined : table.get('position')?.get(String(position)),
  ];
  let [ctr, completion] = [1, 1];
  for (const one of found) {
    if (one === undefined) continue;
    ctr *= one.ctr;
    completion *= one.completion;
  }
  return { ctr: bounded(ctr), completion: bounded(completion) };
}

const hourNames = Array.from({ length: 24 }, (_, hour) => String(hour));

function bounded(factor: number): number {
  return Math.min(MOST, Math.max(1 / MOST, factor));
}
