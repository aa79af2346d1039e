import type { CandidateFact, RequestFact, Run, SeedCampaign, SignalFact } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests } from './judge.ts';

export interface ValueResult {
  readonly faults: readonly Fault[];
  /** Values that were computed again, and of them those of a price that depends on a rate. */
  readonly checked: number;
  readonly byRate: number;
}

interface Rates {
  readonly ctr: number;
  /** Views to the end, per impression and per view begun. */
  readonly vtr: number;
  readonly completion: number;
  readonly quality: number;
}

/** What is believed of an ad of which no signal speaks, in ppm; quality in hundredths. */
const unknown: Rates = { ctr: 2_000, vtr: 850_000, completion: 900_000, quality: 500 };

/**
 * What each candidate was worth, and its score: computed again from the seed's price, the very signals that the decision used and
 * the request's context, and the weights of its arm in each experiment. Not judged: flat campaigns, whose worth is a share of a
 * budget that may change, and requests in an experiment of which the settings say nothing.
 */
export function checkValues({ log, seed, settings }: Pick<Run, 'log' | 'seed' | 'settings'>): ValueResult {
  const signals = new Map(
    log.signals.map(({ value }) => [`${value.kind} ${value.campaign} ${value.version}`, value] as const),
  );
  const differs: string[] = [];
  let checked = 0;
  let byRate = 0;
  for (const { value: request } of firstRequests(log.requests).values()) {
    const weights = weightsOf(request, settings);
    if (weights === null) continue;
    for (const candidate of request.candidates) {
      const campaign = seed.get(candidate.campaign);
      const { score_signal: version } = candidate;
      const signal = version === null ? null : signals.get(`SCORE ${candidate.campaign} ${version}`);
      if (!campaign || campaign.pricing.model === 'flat' || signal === undefined) continue;
      checked++;
      if (['cpc', 'cpv'].includes(campaign.pricing.model)) byRate++;
      const [value, score] = worthOf(candidate, campaign, signal, request, weights);
      if (value !== candidate.value_micros || score !== candidate.score_micros)
        differs.push(`${request.request_id}: ${candidate.creative} ${candidate.value_micros} instead of ${value}`);
    }
  }
  return {
    faults: fault('value_differs', 'a candidate was worth something else than price, rates and quality say', differs),
    checked,
    byRate,
  };
}

interface Weights {
  readonly quality: number;
  readonly shadowPrice: number;
}

/** In percent; the last experiment has the last word. Null: nobody says. Feature flags weigh nothing. */
function weightsOf({ experiments = [] }: RequestFact, settings: Run['settings']): Weights | null {
  let weights: Weights = { quality: 100, shadowPrice: 100 };
  for (const { experiment, arm } of experiments) {
    if (experiment.startsWith('flag:')) continue;
    const known = settings.experiments?.find(({ name }) => name === experiment)?.arms.find(({ name }) => name === arm);
    if (known === undefined) return null;
    weights = { quality: known.quality_percent, shadowPrice: known.shadow_price_percent };
  }
  return weights;
}

function worthOf(
  candidate: CandidateFact,
  { pricing, tier, creatives }: SeedCampaign,
  signal: SignalFact | null,
  request: RequestFact,
  weights: Weights,
): readonly [number, number] {
  if (tier === 'house') return [1, 1];
  const first =
    request.max_ads === 1 || creatives.find(({ id }) => id === candidate.creative)?.place === 'first' ? '1' : null;
  const { ctr, vtr, completion, quality } =
    signal === null ? unknown : ratesOf(candidate.creative, signal, request, first);
  // A release that did not write `other_categories` yet took completed views by the view begun.
  const byImpression = request.context.other_categories !== undefined;
  const chance = { cpm: 1_000_000, cpc: ctr, cpv: byImpression ? vtr : completion }[pricing.model] ?? 0;
  const expected =
    pricing.model === 'cpm' ? pricing.priceMicros : Math.round((pricing.priceMicros * chance) / 1_000_000);
  const above = Math.round(((quality - 500) * weights.quality) / 100);
  const value = Math.max(0, Math.round((expected * (1_000 + above)) / 1_000));
  const mu = Math.round((candidate.mu_ppm * weights.shadowPrice) / 100);
  return [value, value - Math.round((expected * mu) / 1_000_000)];
}

/** The creative's rates, else its campaign's, times the factors of the moment. */
function ratesOf(
  creative: string,
  signal: SignalFact,
  { context, received_at }: RequestFact,
  place: string | null,
): Rates {
  const own = signal.creatives?.find((one) => one.creative === creative) ?? signal;
  const hour = String(new Date(Math.floor(received_at / 60_000) * 60_000).getUTCHours());
  const moment = [
    ['device_type', context.device_type ?? ''],
    ['content_category', context.content_category ?? ''],
    ['hour', hour],
    ['position', place],
  ];
  let [ctr, completion] = [1, 1];
  for (const [dimension, value] of moment) {
    const found = signal.contexts?.find((one) => one.dimension === dimension && one.value === value);
    ctr *= (found?.ctr_ppm ?? 1_000_000) / 1_000_000;
    completion *= (found?.completion_ppm ?? 1_000_000) / 1_000_000;
  }
  const within = (factor: number) => Math.min(4, Math.max(0.25, factor));
  const rate = (ppm: number, factor: number) => Math.min(1_000_000, Math.round(ppm * within(factor)));
  return {
    ctr: rate(own.ctr_ppm ?? 0, ctr),
    vtr: rate(own.vtr_ppm ?? 0, completion),
    completion: rate(own.completion_ppm ?? 0, completion),
    quality: signal.quality_centi ?? 500,
  };
}
