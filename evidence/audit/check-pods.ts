import type { AdFact, RequestFact, Run, SeedCampaign } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests } from './judge.ts';

export interface PodResult {
  readonly faults: readonly Fault[];
  readonly violations: number;
  /** Pairs of candidates that compete and that the pod's rule kept from standing as they pleased. */
  readonly opportunities: number;
}

/** Two campaigns compete if a category of one is, or stands above, a category of the other. Siblings do not. */
export function compete(a: SeedCampaign | undefined, b: SeedCampaign | undefined): boolean {
  if (!a || !b) return false;
  return a.categories.some((left) =>
    b.categories.some(
      (right) => left.id === right.id || left.ancestors.includes(right.id) || right.ancestors.includes(left.id),
    ),
  );
}

/** Every pod of the log against the rules of its request and the categories of the seed. */
export function checkPods({ log, seed }: Pick<Run, 'log' | 'seed'>): PodResult {
  const separation: string[] = [];
  const found: Record<'advertiser' | 'creative' | 'media' | 'room' | 'order' | 'length' | 'dealer', string[]> = {
    advertiser: [],
    creative: [],
    media: [],
    room: [],
    order: [],
    length: [],
    dealer: [],
  };
  let opportunities = 0;
  for (const { value } of firstRequests(log.requests).values()) {
    const id = value.request_id;
    separation.push(...tooClose(value, seed).map((pair) => `${id}: ${pair}`));
    if (!value.allow_duplicate_advertisers && repeated(value.ads.map(({ advertiser }) => advertiser)))
      found.advertiser.push(id);
    if (repeated(value.ads.map(({ creative }) => creative))) found.creative.push(id);
    if (sharesMedia(value.ads, seed)) found.media.push(id);
    if (!fits(value)) found.room.push(id);
    if (!standsInOrder(value)) found.order.push(id);
    for (const ad of value.ads) {
      const campaign = seed.get(ad.campaign);
      const creative = campaign?.creatives.find((other) => other.id === ad.creative);
      if (creative?.durationSeconds !== ad.duration_seconds) found.length.push(`${id}: ${ad.creative}`);
      if (campaign?.advertiserId !== ad.advertiser || ad.house !== (campaign?.tier === 'house'))
        found.dealer.push(`${id}: ${ad.campaign}`);
    }
    opportunities += competingPairs(value, seed);
  }
  return {
    faults: [
      ...fault('separation_broken', 'competitors closer than the request allows', separation),
      ...fault('duplicate_advertiser', 'an advertiser twice in a pod', found.advertiser),
      ...fault('duplicate_creative', 'a creative twice in a pod', found.creative),
      ...fault('duplicate_media', 'a media file twice in a pod', found.media),
      ...fault('pod_overfull', 'longer than requested, or more or fewer ads than asked for', found.room),
      ...fault('pod_disordered', 'positions, starts or seconds do not join', found.order),
      ...fault('duration_wrong', 'an ad has another length than its creative', found.length),
      ...fault('campaign_wrong', 'an ad has another advertiser or tier than its campaign', found.dealer),
    ],
    violations: separation.length + found.advertiser.length + found.creative.length + found.media.length,
    opportunities,
  };
}

function tooClose(request: RequestFact, seed: Run['seed']): string[] {
  if (!request.separation) return [];
  const close: string[] = [];
  const ads = [...request.ads].sort((a, b) => a.start_seconds - b.start_seconds);
  for (const [i, before] of ads.entries()) {
    for (const after of ads.slice(i + 1)) {
      if (!compete(seed.get(before.campaign), seed.get(after.campaign))) continue;
      const gap = after.start_seconds - (before.start_seconds + before.duration_seconds);
      if (request.min_separation_seconds === null || gap < request.min_separation_seconds) {
        close.push(`${before.campaign} and ${after.campaign}`);
      }
    }
  }
  return close;
}

/** Pairs of usable candidates that compete, in requests whose rule keeps competitors apart. */
function competingPairs(request: RequestFact, seed: Run['seed']): number {
  if (!request.separation) return 0;
  const usable = [
    ...new Set(
      request.candidates
        .filter(({ outcome }) => outcome === 'won' || outcome === 'lost')
        .map(({ campaign }) => campaign),
    ),
  ];
  let pairs = 0;
  for (const [i, left] of usable.entries()) {
    for (const right of usable.slice(i + 1)) if (compete(seed.get(left), seed.get(right))) pairs++;
  }
  return pairs;
}

function repeated(values: readonly string[]): boolean {
  return new Set(values).size < values.length;
}

function sharesMedia(ads: readonly AdFact[], seed: Run['seed']): boolean {
  const files = ads.map((ad) => {
    const creative = seed.get(ad.campaign)?.creatives.find((other) => other.id === ad.creative);
    return [...new Set(creative?.media.map(({ url }) => url) ?? [])];
  });
  return repeated(files.flat());
}

function fits(request: RequestFact): boolean {
  const seconds = request.ads.reduce((sum, ad) => sum + ad.duration_seconds, 0);
  const enough = request.ads.length === 0 || request.ads.length >= request.min_ads;
  return seconds <= request.requested_seconds && request.ads.length <= request.max_ads && enough;
}

function standsInOrder(request: RequestFact): boolean {
  let from = 0;
  for (const [i, ad] of request.ads.entries()) {
    if (ad.position !== i + 1 || ad.start_seconds !== from) return false;
    from += ad.duration_seconds;
  }
  return request.filled_seconds === from;
}
