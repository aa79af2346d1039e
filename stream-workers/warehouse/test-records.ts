import type { Random } from '../../engines/random.ts';
import type { AdBeacon, AdRequest } from '../../schemas/records.ts';
import type { WorkerRecord } from '../worker.ts';

/** Half a minute before a month ends, so that runs cross a minute, an hour, a day and a month. */
export const START_MS = Date.UTC(2026, 0, 31, 23, 59, 30);

const EVENTS = ['impression', 'start', 'midpoint', 'complete', 'click', 'skip', 'notUsed', 'error'];
const LIFE_MS = 20_000;

/** Logs of `partitions` partitions: requests, then beacons for them, some repeated, late or contradictory. */
export function madeUpLogs(random: Random, partitions: number, requests: number): WorkerRecord[][] {
  const campaigns = Array.from({ length: 3 }, () => ({ campaign: random.uuid(), advertiser: random.uuid() }));
  const pick = <T>(items: readonly T[]) => items[Math.floor(random.unit() * items.length)] as T;
  const logs: WorkerRecord[][] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const asked: WorkerRecord[] = [];
    const played: WorkerRecord[] = [];
    let now = START_MS;
    for (let count = 0; count < requests; count++) {
      now += Math.floor(random.unit() * 9_000);
      const request = madeUpRequest(random, now, partition, pick(campaigns));
      const times = random.unit() < 0.15 ? 2 : 1;
      for (let time = 0; time < times; time++) asked.push(at('ad-requests', partition, asked.length, now, request));
      // Decided once more elsewhere, a little before or after: the state store could not be asked.
      const elsewhere = { ...request, received_at: now + Math.round((random.unit() - 0.5) * 120_000) };
      if (random.unit() < 0.1) asked.push(at('ad-requests', partition, asked.length, now, elsewhere));
    }
    let beaconTime = START_MS;
    for (let count = 0; count < requests * 5; count++) {
      beaconTime += Math.floor(random.unit() * 2_500);
      const { record } = pick(asked);
      const ad = record.name === 'ad-request' ? pick(record.value.ads) : undefined;
      if (record.name !== 'ad-request' || !ad) continue;
      const beacon = madeUpBeacon(random, record.value, ad, pick(EVENTS), beaconTime);
      played.push({
        topic: 'ad-beacons',
        partition,
        offset: played.length,
        appendedAt: beaconTime,
        record: { name: 'ad-beacon', value: beacon },
      });
    }
    logs.push(asked, played);
  }
  return logs;
}

function at(topic: string, partition: number, offset: number, appendedAt: number, value: AdRequest): WorkerRecord {
  return { topic, partition, offset, appendedAt, record: { name: 'ad-request', value } };
}

function madeUpAds(random: Random, now: number, campaign: string, advertiser: string): AdRequest['ads'] {
  return Array.from({ length: Math.floor(random.unit() * 3) }, (_, index) => ({
    reservation: random.uuid(),
    campaign,
    creative: campaign,
    advertiser,
    position: index + 1,
    start_seconds: index * 15,
    duration_seconds: 15,
    categories: ['cars'],
    pricing_model: ['cpm', 'cpv', 'cpc', 'flat'][Math.floor(random.unit() * 4)] as string,
    price_micros: 12_000 + index,
    minute: Math.floor(now / 60_000),
    expires_at: now + LIFE_MS,
    capped_by: [{ scope: 'user', hash: 'u' }],
    house: index === 1,
    for_life: false,
    ancestors: [],
    predicted_ctr_ppm: index === 1 ? null : Math.floor(random.unit() * 5_000),
    predicted_completion_ppm: index === 1 ? null : Math.floor(random.unit() * 1_000_000),
  }));
}

function madeUpRequest(
  random: Random,
  now: number,
  partition: number,
  { campaign, advertiser }: { readonly campaign: string; readonly advertiser: string },
): AdRequest {
  const ads = madeUpAds(random, now, campaign, advertiser);
  return {
    arrival_id: random.uuid(),
    request_id: `r'\\-${partition}-${random.uuid()}`,
    received_at: now,
    viewer: `viewer-${Math.floor(random.unit() * 4)}`,
    dialect: 'json',
    context: {
      country: random.unit() < 0.5 ? 'US' : null,
      region: null,
      city: null,
      dma: null,
      device_type: 'smart_tv',
      os: null,
      brand: null,
      content_category: null,
      content_genre: null,
      content_rating: null,
      age: 35,
      gender: null,
      household_income: null,
      time_zone: null,
      ip_truncated: null,
      user_agent_class: 'tv',
      more: {},
      other_categories: [],
    },
    identities: [{ scope: 'user', hash: 'u' }],
    session: null,
    break_index: null,
    requested_seconds: 30,
    min_ads: 1,
    max_ads: 2,
    objective: 'revenue',
    min_separation_seconds: null,
    separation: true,
    allow_duplicate_advertisers: false,
    features: ['pods'],
    ads,
    candidates: [],
    fallouts: [{ reason: 'geo', campaigns: 2 }],
    no_fill_reason: ads.length === 0 ? 'no_candidates' : null,
    filled_seconds: ads.length * 15,
    proof: { value: 1, bound: 1, nodes: 3, exact: true, conflicts_rejected: 0 },
    timings_us: { match: 12 },
    ...plain,
    experiments: [{ experiment: 'colours', arm: random.unit() < 0.5 ? 'red' : 'blue' }],
  };
}

/** Of a request that asked for nothing unusual. */
const plain = {
  break_offset_ms: null,
  separation_scope: 'pod',
  exact_duration: false,
  allowed_durations: [],
  pod: null,
  break_id: null,
  backups: [],
  experiments: [],
  fallen: [],
  catalog: { campaigns: 0, sum: 0 },
  caller: 'anonymous',
  invalid: null,
  consent: 'unstated',
};

function madeUpBeacon(
  random: Random,
  request: AdRequest,
  ad: AdRequest['ads'][number],
  event: string,
  receivedAt: number,
): AdBeacon {
  return {
    arrival_id: random.uuid(),
    event,
    received_at: receivedAt,
    cachebuster: null,
    viewer: request.viewer,
    request_id: request.request_id,
    reservation: ad.reservation,
    campaign: ad.campaign,
    creative: ad.creative,
    advertiser: ad.advertiser,
    position: ad.position,
    duration_seconds: ad.duration_seconds,
    pricing_model: ad.pricing_model,
    price_micros: ad.price_micros,
    minute: ad.minute,
    expires_at: ad.expires_at,
    identities: ad.capped_by,
    country: request.context.country,
    device_type: request.context.device_type,
    user_agent_class: 'tv',
    client_at: null,
    view_ms: null,
    viewability_percentage: null,
    audio_level: null,
    error_code: null,
    offset_seconds: null,
    caller: 'anonymous',
    invalid: random.unit() < 0.06 ? 'bot' : null,
  };
}
