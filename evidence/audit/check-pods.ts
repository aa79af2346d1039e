import type { AdFact, RequestFact, Run, SeedCampaign } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, reservedAds } from './judge.ts';

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
  const found: Record<
    'advertiser' | 'creative' | 'media' | 'room' | 'order' | 'length' | 'dealer' | 'backup',
    string[]
  > = {
    advertiser: [],
    creative: [],
    media: [],
    room: [],
    order: [],
    length: [],
    dealer: [],
    backup: [],
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
    found.backup.push(...wrongBackups(value, seed).map((why) => `${id}: ${why}`));
    for (const ad of reservedAds(value)) {
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
      ...fault('backup_wrong', 'a backup that could not stand in place of any ad of its pod', found.backup),
      ...fault('campaign_wrong', 'an ad has another advertiser or tier than its campaign', found.dealer),
    ],
    violations:
      separation.length + found.advertiser.length + found.creative.length + found.media.length + found.backup.length,
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

/**
 * A backup stands in place of any ad of its pod: it competes with none of them nor with another backup, repeats nothing, is no
 * longer than the shortest of them, and keeps the caps of a pod beside all of them.
 */
function wrongBackups(request: RequestFact, seed: Run['seed']): string[] {
  const { ads, backups = [] } = request;
  const shortest = Math.min(...ads.map(({ duration_seconds }) => duration_seconds));
  const wrong: string[] = [];
  for (const [i, backup] of backups.entries()) {
    const others = [...ads, ...backups.slice(0, i)];
    const say = (why: string) => wrong.push(`${backup.campaign} ${why}`);
    if (ads.length === 0) say('has no pod');
    else if (backup.duration_seconds > shortest) say('is longer than the shortest ad');
    if (backup.position !== 0 || backup.start_seconds !== 0) say('has a place of its own');
    const rivals = others.filter((other) => compete(seed.get(backup.campaign), seed.get(other.campaign)));
    if (request.separation && rivals.length > 0) say('competes');
    if (others.some(({ creative }) => creative === backup.creative) || sharesMedia([...others, backup], seed)) {
      say('repeats a file');
    }
    if (!request.allow_duplicate_advertisers && others.some(({ advertiser }) => advertiser === backup.advertiser)) {
      say('repeats an advertiser');
    }
    const caps =
      seed.get(backup.campaign)?.caps.filter(({ scope, creativeId }) => scope === 'pod' && !creativeId) ?? [];
    const views = 1 + others.filter(({ campaign }) => campaign === backup.campaign).length;
    if (caps.some(({ max }) => views > max)) say('passes a cap of its pod');
  }
  return wrong;
}

/** Pairs of usable candidates that compete, in requests whose rule keeps competitors apart. */
function competingPairs(request: RequestFact, seed: Run['seed']): number {
  if (!request.separation) return 0;
  const usable = [
    ...new Set(
      request.candidates
        .filter(({ outcome }) => ['won', 'lost', 'backup'].includes(outcome))
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
