import type { Campaign } from '../../domain/campaign.ts';
import { micros } from '../../domain/money.ts';
import type { TrafficHour } from '../../domain/pacing/forecast.ts';
import { type Draws, draws } from './draws.ts';

/** Everything that a run of the lab replays. Fixed by its seed alone; policies are compared on the same one. */
export interface Market {
  readonly seed: number;
  /** Epoch ms. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly campaigns: readonly Campaign[];
  /** Campaign -> segment -> quality, 0 to 1000; −1: its targeting keeps it out. */
  readonly quality: readonly Int16Array[];
  readonly segments: number;
  readonly requests: readonly LabRequest[];
  /** Hours of traffic before the market opens: what a forecast may learn from. */
  readonly history: readonly TrafficHour[];
}

/** One ad break. All ads are of 30 seconds, so a break of three takes any three. */
export interface LabRequest {
  /** Epoch ms; requests are in this order. */
  readonly at: number;
  readonly segment: number;
  /** Ads that it takes. */
  readonly slots: number;
  /** Which decision API it reaches. */
  readonly instance: number;
  /** By slot: the impression never comes. Nobody knows before. */
  readonly lost: readonly boolean[];
}

export const contents = 8;
export const devices = 5;
export const regions = 6;
const segments = contents * devices * regions;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const days = 3;
const campaignsOfMarket = 40;
const requestsOfDay = 20_000;
const lossRate = 0.1;
/** What all budgets ask for, as a share of what all impressions would bring at mean price. */
const demand = 0.42;

/** Thursday to Saturday: a week's change of days is in it. */
const marketStart = Date.parse('2026-03-05T00:00:00Z');

export function makeMarket(seed: number, instances: number): Market {
  const random = draws(seed);
  const shocks = makeShocks(random);
  const weekdays = Array.from({ length: 7 }, () => random.between(0.8, 1.25));
  const popularity = segmentPopularity(random);
  const history = makeHistory(random, weekdays);
  const requests = makeRequests(random, weekdays, shocks, popularity, instances);
  const shown = requests.reduce((sum, { lost }) => sum + lost.filter((one) => !one).length, 0);
  const { campaigns, quality } = makeCampaigns(random, popularity, shown);
  return {
    seed,
    startsAt: marketStart,
    endsAt: marketStart + days * dayMs,
    campaigns,
    quality,
    segments,
    requests,
    history,
  };
}

/** A surge while a match runs, an hour in which a supplier is away, a slow drift: none of them is in the history. */
interface Shocks {
  readonly surgeAt: number;
  readonly surge: number;
  readonly outageAt: number;
  readonly drift: number;
}

function makeShocks(random: Draws): Shocks {
  return {
    surgeAt: marketStart + random.between(0.3, 2.6) * dayMs,
    surge: random.between(2, 3.5),
    outageAt: marketStart + random.between(0.3, 2.6) * dayMs,
    drift: random.between(-0.15, 0.25),
  };
}

/** Requests per ms at a moment, relative to the mean: television's day, with its evening. */
function season(at: number, weekdays: readonly number[]): number {
  const hour = ((at % dayMs) / hourMs + 24) % 24;
  const evening = Math.exp(-(((hour - 20.5) / 2.6) ** 2));
  const noon = Math.exp(-(((hour - 12.5) / 2) ** 2));
  const weekday = weekdays[Math.floor(at / dayMs) % 7] ?? 1;
  return (0.25 + 2.4 * evening + 0.7 * noon) * weekday;
}

function shocked(at: number, { surgeAt, surge, outageAt, drift }: Shocks): number {
  if (at >= outageAt && at < outageAt + hourMs) return 0;
  const through = (at - marketStart) / (days * dayMs);
  const level = 1 + drift * through;
  return at >= surgeAt && at < surgeAt + 2 * hourMs ? level * surge : level;
}

function makeHistory(random: Draws, weekdays: readonly number[]): TrafficHour[] {
  const hours: TrafficHour[] = [];
  for (let hour = marketStart - 21 * dayMs; hour < marketStart; hour += hourMs) {
    const mean = (requestsOfDay / 24) * season(hour + hourMs / 2, weekdays) * random.between(0.85, 1.15);
    hours.push({ hour, requests: Math.round(mean) });
  }
  return hours;
}

function segmentPopularity(random: Draws): Float64Array {
  return Float64Array.from({ length: segments }, () => Math.exp(0.8 * random.normal()));
}

function makeRequests(
  random: Draws,
  weekdays: readonly number[],
  shocks: Shocks,
  popularity: Float64Array,
  instances: number,
): LabRequest[] {
  const requests: LabRequest[] = [];
  const minuteMs = 60_000;
  // What is watched changes with the hour: each segment has a time of day of its own.
  const peaks = Float64Array.from({ length: segments }, () => random.between(0, 24));
  for (let minute = marketStart; minute < marketStart + days * dayMs; minute += minuteMs) {
    const mean = (requestsOfDay / 1_440) * season(minute, weekdays) * shocked(minute, shocks);
    const weights = cumulated(popularity, peaks, (minute % dayMs) / hourMs);
    const ats = Array.from({ length: random.poisson(mean) }, () => minute + Math.floor(random.unit() * minuteMs));
    for (const at of ats.sort((a, b) => a - b)) {
      const slots = random.pick([1, 1, 2, 2, 3]);
      requests.push({
        at,
        segment: random.weighted(weights),
        slots,
        instance: Math.floor(random.unit() * instances),
        lost: Array.from({ length: slots }, () => random.unit() < lossRate),
      });
    }
  }
  return requests;
}

function cumulated(popularity: Float64Array, peaks: Float64Array, hour: number): Float64Array {
  let sum = 0;
  return popularity.map((weight, segment) => {
    sum += weight * (1 + 0.6 * Math.cos(((hour - (peaks[segment] ?? 0)) / 24) * 2 * Math.PI));
    return sum;
  });
}

function makeCampaigns(
  random: Draws,
  popularity: Float64Array,
  shown: number,
): { readonly campaigns: Campaign[]; readonly quality: Int16Array[] } {
  const all = popularity.reduce((sum, one) => sum + one, 0);
  const drafts = Array.from({ length: campaignsOfMarket }, (_, index) => {
    const quality = qualityOf(random, index);
    const reach = popularity.reduce((sum, one, segment) => ((quality[segment] ?? -1) >= 0 ? sum + one / all : sum), 0);
    const price = 1_000 * Math.round(random.between(6, 30));
    return { index, quality, price, wish: reach ** 0.7 * random.between(0.4, 1.8) };
  });
  const wishes = drafts.reduce((sum, { wish }) => sum + wish, 0);
  const campaigns = drafts.map((draft) => {
    const impressions = Math.max(40, Math.round((shown * demand * draft.wish) / wishes));
    return campaignOf(draft.index, draft.price, impressions * draft.price, random);
  });
  return { campaigns, quality: drafts.map(({ quality }) => quality) };
}

/** Who watches what where moves quality up and down; a third of the campaigns is kept to some content or places. */
function qualityOf(random: Draws, index: number): Int16Array {
  const affinity = (count: number, size: number) => Array.from({ length: count }, () => size * random.normal());
  const [byContent, byDevice, byRegion] = [affinity(contents, 170), affinity(devices, 90), affinity(regions, 90)];
  const inContents = Array.from({ length: contents }, () => index % 3 !== 0 || random.unit() < 0.4);
  const inRegions = Array.from({ length: regions }, () => index % 4 !== 1 || random.unit() < 0.5);
  return Int16Array.from({ length: segments }, (_, segment) => {
    const content = segment % contents;
    const device = Math.floor(segment / contents) % devices;
    const region = Math.floor(segment / contents / devices);
    if (!inContents[content] || !inRegions[region]) return -1;
    const mean = 500 + (byContent[content] ?? 0) + (byDevice[device] ?? 0) + (byRegion[region] ?? 0);
    return Math.round(Math.max(0, Math.min(1_000, mean + 110 * random.normal())));
  });
}

function campaignOf(index: number, price: number, budget: number, random: Draws): Campaign {
  const id = `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;
  // Most run all the time; some begin later or end earlier.
  const late = index % 5 === 2 ? Math.round(random.between(0.1, 0.8) * 24) * hourMs : 0;
  const early = index % 5 === 4 ? Math.round(random.between(0.1, 0.8) * 24) * hourMs : 0;
  const flight = (days * dayMs - late - early) / (days * dayMs);
  return {
    id,
    version: 1,
    name: `Campaign ${index}`,
    advertiserId: id,
    advertiserName: `Advertiser ${index}`,
    status: 'active',
    startsAt: marketStart + late,
    endsAt: marketStart + days * dayMs - early,
    timeZone: 'UTC',
    pricing: { model: 'cpm', priceMicros: micros(price) },
    totalBudgetMicros: micros(Math.max(price, Math.round((budget * flight) / price) * price)),
    dailyBudgetMicros: null,
    goalImpressions: null,
    pacingMode: 'even',
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [],
  };
}
