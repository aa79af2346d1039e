import type { CreativeCounts, ScoreRecord } from '../../schemas/records.ts';
import { decayCounts, defaultHalfLifeMs } from './counts.ts';
import type { Belief } from './shares.ts';

/** What is expected of one impression. Parts per million; quality and relevance 0 to 1000 are 0 to 10, and 500 is the average. */
export interface Rates {
  /** Clicks per impression. */
  readonly ctrPpm: number;
  /** Views to the end per impression. */
  readonly vtrPpm: number;
  /** Views to the end per view begun. */
  readonly completionPpm: number;
  readonly qualityCenti: number;
  readonly relevanceCenti: number;
}

/** What is believed of an ad of which nothing is known. */
export const priorRates: Rates = {
  ctrPpm: 2_000,
  vtrPpm: 850_000,
  completionPpm: 900_000,
  qualityCenti: 500,
  relevanceCenti: 500,
};

export interface Posteriors {
  readonly all: Rates;
  readonly campaigns: ReadonlyMap<string, Rates>;
  readonly creatives: ReadonlyMap<string, Rates>;
  /** What is believed of a creative's rate, clicks or views to the end per impression; of a new one, what its campaign leads to expect. */
  belief(creative: string, of: { readonly campaign: string; readonly advertiser: string }, rate: 'ctr' | 'vtr'): Belief;
}

type Counts = Omit<CreativeCounts, 'creative' | 'campaign' | 'advertiser'>;

/** The five rates that are counted. Errors and skips are no part of the answer but of quality. */
interface Beliefs {
  readonly ctrPpm: number;
  readonly vtrPpm: number;
  readonly completionPpm: number;
  readonly skipPpm: number;
  readonly errorPpm: number;
}

const priorBeliefs: Beliefs = { ...pickRates(priorRates), skipPpm: 20_000, errorPpm: 10_000 };

/** How many (thousandths of) trials a parent's rate is worth to its child. Clicks are rare, so they take more to convince. */
const weightMilli = { ctr: 200_000, vtr: 20_000, completion: 20_000, skip: 50_000, error: 50_000 } as const;

/**
 * The rates of every creative and campaign at a moment (epoch ms), each drawn towards its parent by Beta priors: creative to
 * campaign to advertiser to category to all. `categoryOf` names a campaign's category, or null; an advertiser stands in the one that
 * most of its impressions are of. Sums are over integers in the order of ids, so equal records give equal answers.
 * Sources: Gelman et al., Bayesian Data Analysis, ch. 5 (hierarchical Beta-binomial), with fixed prior weights.
 */
export function posteriors(
  records: readonly ScoreRecord[],
  at: number,
  halfLifeMs = defaultHalfLifeMs,
  categoryOf: (campaign: string) => string | null = () => null,
): Posteriors {
  const rows = records
    .flatMap((record) => decayCounts(record, at, halfLifeMs).creatives)
    .toSorted((a, b) => (a.creative < b.creative ? -1 : a.creative > b.creative ? 1 : 0));
  const all = learn(sumOf(rows), priorBeliefs);
  const categoryOfAdvertiser = mostSeen(rows, categoryOf);
  const categories = learnCategories(rows, categoryOfAdvertiser, all);
  const advertisers = learnBy(rows, 'advertiser', ({ advertiser }) => {
    return categories.get(categoryOfAdvertiser.get(advertiser) ?? '') ?? all;
  });
  const campaigns = learnBy(rows, 'campaign', ({ advertiser }) => advertisers.get(advertiser) ?? all);
  const creatives = learnBy(rows, 'creative', ({ campaign }) => campaigns.get(campaign) ?? all);
  const shown = Map.groupBy(rows, ({ creative }) => creative);
  return {
    all: ratesOf(all, all),
    campaigns: new Map([...campaigns].map(([id, beliefs]) => [id, ratesOf(beliefs, all)])),
    creatives: new Map([...creatives].map(([id, beliefs]) => [id, ratesOf(beliefs, all)])),
    belief(creative, { campaign, advertiser }, rate) {
      const parent = campaigns.get(campaign) ?? advertisers.get(advertiser) ?? all;
      return beliefIn(sumOf(shown.get(creative) ?? []), parent, rate);
    },
  };
}

/** The Beta posterior whose mean `shrunk` answers, in views instead of thousandths. */
function beliefIn(counts: Counts, parent: Beliefs, rate: 'ctr' | 'vtr'): Belief {
  const trials = counts.impressions_milli / 1_000;
  const seen = Math.min((rate === 'ctr' ? counts.clicks_milli : counts.completes_milli) / 1_000, trials);
  // A parent that is never wrong, or always, would leave a child no chance of being otherwise.
  const mean = Math.min(999_999, Math.max(1, rate === 'ctr' ? parent.ctrPpm : parent.vtrPpm)) / 1_000_000;
  const weight = weightMilli[rate] / 1_000;
  return { successes: seen + weight * mean, failures: trials - seen + weight * (1 - mean) };
}

/** Advertiser -> the category with most of its impressions; ties go to the first by name. Those without one are left out. */
function mostSeen(
  rows: readonly CreativeCounts[],
  categoryOf: (campaign: string) => string | null,
): ReadonlyMap<string, string> {
  const seen = new Map<string, Map<string, number>>();
  for (const { advertiser, campaign, impressions_milli } of rows) {
    const category = categoryOf(campaign);
    if (category === null) continue;
    const own = seen.get(advertiser) ?? new Map<string, number>();
    seen.set(advertiser, own.set(category, (own.get(category) ?? 0) + impressions_milli));
  }
  return new Map(
    [...seen].map(([advertiser, own]) => {
      const [[category] = ['']] = [...own].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      return [advertiser, category];
    }),
  );
}

function learnCategories(
  rows: readonly CreativeCounts[],
  categoryOfAdvertiser: ReadonlyMap<string, string>,
  all: Beliefs,
): ReadonlyMap<string, Beliefs> {
  const groups = Map.groupBy(rows, ({ advertiser }) => categoryOfAdvertiser.get(advertiser) ?? '');
  groups.delete('');
  return new Map([...groups].map(([category, group]) => [category, learn(sumOf(group), all)]));
}

function learnBy(
  rows: readonly CreativeCounts[],
  level: 'advertiser' | 'campaign' | 'creative',
  parentOf: (row: CreativeCounts) => Beliefs,
): ReadonlyMap<string, Beliefs> {
  const groups = new Map<string, CreativeCounts[]>();
  for (const row of rows) {
    const group = groups.get(row[level]);
    if (group === undefined) groups.set(row[level], [row]);
    else group.push(row);
  }
  const learnt = new Map<string, Beliefs>();
  for (const [id, group] of groups) {
    const [first] = group;
    if (first !== undefined) learnt.set(id, learn(sumOf(group), parentOf(first)));
  }
  return learnt;
}

function learn(counts: Counts, parent: Beliefs): Beliefs {
  const shown = counts.impressions_milli;
  return {
    ctrPpm: shrunk(counts.clicks_milli, shown, parent.ctrPpm, weightMilli.ctr),
    vtrPpm: shrunk(counts.completes_milli, shown, parent.vtrPpm, weightMilli.vtr),
    completionPpm: shrunk(counts.completes_milli, counts.starts_milli, parent.completionPpm, weightMilli.completion),
    skipPpm: shrunk(counts.skips_milli, shown, parent.skipPpm, weightMilli.skip),
    errorPpm: shrunk(counts.errors_milli, shown + counts.errors_milli, parent.errorPpm, weightMilli.error),
  };
}

/** The mean of a Beta posterior, in ppm. More successes than trials (a start was lost, its end was not) count as all of them. */
function shrunk(successes: number, trials: number, parentPpm: number, weight: number): number {
  const seen = Math.min(successes, trials);
  return Math.round((seen * 1_000_000 + weight * parentPpm) / (trials + weight));
}

function ratesOf(own: Beliefs, mean: Beliefs): Rates {
  const completion = ratio(own.completionPpm, mean.completionPpm);
  const watched = ratio(1_000_000 - own.skipPpm, 1_000_000 - mean.skipPpm);
  const played = ratio(1_000_000 - own.errorPpm, 1_000_000 - mean.errorPpm);
  return {
    ...pickRates(own),
    qualityCenti: centi(500 * completion * watched * played),
    relevanceCenti: centi(250 * ratio(own.ctrPpm, mean.ctrPpm) + 250 * completion),
  };
}

function pickRates(from: Beliefs | Rates): Pick<Rates, 'ctrPpm' | 'vtrPpm' | 'completionPpm'> {
  return { ctrPpm: from.ctrPpm, vtrPpm: from.vtrPpm, completionPpm: from.completionPpm };
}

function ratio(own: number, mean: number): number {
  return mean === 0 ? 1 : own / mean;
}

function centi(value: number): number {
  return Math.max(0, Math.min(1_000, Math.round(value)));
}

function sumOf(rows: readonly CreativeCounts[]): Counts {
  const sum = (field: keyof Counts) => rows.reduce((total, row) => total + row[field], 0);
  return {
    impressions_milli: sum('impressions_milli'),
    starts_milli: sum('starts_milli'),
    completes_milli: sum('completes_milli'),
    clicks_milli: sum('clicks_milli'),
    skips_milli: sum('skips_milli'),
    errors_milli: sum('errors_milli'),
  };
}
