import type { CallFact } from './calls.ts';
import type { AdFact, BeaconFact, CandidateFact, Logged, PartitionFact, RequestFact, SeedCampaign } from './facts.ts';

/** Hand-made rows of a small run, for the tests. */

export const at0 = Date.UTC(2026, 0, 5, 18, 0, 10);
export const minute = Math.floor(at0 / 60_000);
export const lifeMs = 4_000;
export const expiresAt = (minute + 1) * 60_000 + lifeMs;

export const cola = '10000000-0000-4000-8000-000000000001';
export const rival = '10000000-0000-4000-8000-000000000002';
export const shoes = '10000000-0000-4000-8000-000000000003';
export const viewer = { scope: 'user', hash: 'viewer-hash' };

export function campaign(id: string, changes: Partial<SeedCampaign> = {}): SeedCampaign {
  const n = id.at(-1);
  return {
    id,
    name: `Campaign ${n}`,
    advertiserId: `20000000-0000-4000-8000-00000000000${n}`,
    status: 'active',
    startsAt: at0 - 1000,
    endsAt: at0 + 86_400_000,
    timeZone: 'America/New_York',
    pricing: { model: 'cpm', priceMicros: 12_000 },
    totalBudgetMicros: null,
    dailyBudgetMicros: null,
    goalImpressions: null,
    tier: 'standard',
    targeting: [],
    caps: [],
    categories: [],
    creatives: [
      { id: creativeOf(id), durationSeconds: 30, status: 'active', media: [{ url: `https://media/${n}.mp4` }] },
    ],
    ...changes,
  };
}

export function creativeOf(id: string): string {
  return id.replace(/^1/, '3');
}

const colas = { id: 'colas', ancestors: ['drinks'] };
export const seed = [
  campaign(cola, {
    categories: [colas],
    caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 1 }],
    totalBudgetMicros: 12_000,
  }),
  campaign(rival, {
    categories: [{ id: 'drinks', ancestors: [] }],
    // The first is drawn, as good as always.
    creatives: [
      {
        id: creativeOf(rival),
        durationSeconds: 30,
        status: 'active',
        media: [{ url: 'https://media/2.mp4' }],
        weight: 1_000,
      },
      {
        id: creativeOf(rival).replace(/2$/, '8'),
        durationSeconds: 30,
        status: 'active',
        media: [{ url: 'https://media/8.mp4' }],
      },
    ],
  }),
  campaign(shoes, { pricing: { model: 'cpc', priceMicros: 50_000 } }),
];

export function ad(id: string, position: number, request: number): AdFact {
  const from = seed.find((one) => one.id === id) ?? campaign(id);
  return {
    reservation: `40000000-0000-4000-8000-0000000${request}000${position}`,
    campaign: id,
    creative: creativeOf(id),
    advertiser: from.advertiserId,
    position,
    start_seconds: (position - 1) * 30,
    duration_seconds: 30,
    pricing_model: from.pricing.model,
    price_micros: from.pricing.priceMicros,
    minute,
    expires_at: expiresAt,
    capped_by: from.caps.length > 0 ? [viewer] : [],
    house: false,
  };
}

/** With what nobody knows of it: prior rates, no shadow price. */
function worthOf(id: string): Pick<CandidateFact, 'value_micros' | 'score_micros'> {
  const { model, priceMicros } = (seed.find((one) => one.id === id) ?? campaign(id)).pricing;
  const worth = model === 'cpc' ? priceMicros * 0.002 : priceMicros;
  return { value_micros: worth, score_micros: worth };
}

export function candidate(id: string, outcome: string): CandidateFact {
  return {
    campaign: id,
    creative: creativeOf(id),
    duration_seconds: 30,
    ...worthOf(id),
    mu_ppm: 0,
    pacing_signal: null,
    score_signal: null,
    outcome,
  };
}

/** The second viewer of the sample asks by VAST. */
const dialectOf = (n: number) => (n === 1 ? 'vast' : 'json');

export function request(n: number, ads: readonly AdFact[], candidates: readonly CandidateFact[]): Logged<RequestFact> {
  return {
    topic: 'ad-requests',
    partition: 0,
    offset: n,
    appendedAt: at0 + n * 1000,
    key: 'viewer',
    value: {
      arrival_id: `50000000-0000-4000-8000-00000000000${n}`,
      request_id: `request-${n}`,
      received_at: at0 + n * 1000,
      viewer: 'viewer',
      dialect: dialectOf(n),
      context: { country: 'US', device_type: 'smart_tv' },
      identities: [viewer],
      requested_seconds: 60,
      min_ads: 1,
      max_ads: 3,
      min_separation_seconds: null,
      separation: true,
      allow_duplicate_advertisers: false,
      ads,
      candidates,
      fallouts: [],
      filled_seconds: ads.length * 30,
      proof: { conflicts_rejected: 0 },
    },
  };
}

export function beacon(
  offset: number,
  event: string,
  of: AdFact,
  requestId: string,
  appendedAt: number,
): Logged<BeaconFact> {
  return {
    topic: 'ad-beacons',
    partition: 0,
    offset,
    appendedAt,
    key: 'viewer',
    value: {
      arrival_id: `60000000-0000-4000-8000-00000000000${offset}`,
      event,
      received_at: appendedAt - 1,
      cachebuster: `cb-${offset}`,
      viewer: 'viewer',
      request_id: requestId,
      reservation: of.reservation,
      campaign: of.campaign,
      creative: of.creative,
      advertiser: of.advertiser,
      position: of.position,
      duration_seconds: of.duration_seconds,
      pricing_model: of.pricing_model,
      price_micros: of.price_micros,
      minute: of.minute,
      expires_at: of.expires_at,
      identities: of.capped_by,
    },
  };
}

export function partition(records: readonly Logged<unknown>[]): PartitionFact {
  const offsets = records.map(({ offset }) => offset);
  return {
    topic: records[0]?.topic ?? '',
    partition: 0,
    next: offsets.length,
    offsets,
    times: records.map(({ appendedAt }) => appendedAt),
    lastRecord: offsets.length - 1,
  };
}

export const call = (seq: number, changes: Partial<CallFact>): CallFact => ({
  seq,
  kind: 'beacon',
  intent: 'normal',
  status: 200,
  error: null,
  url: '',
  dialect: 'json',
  requestId: null,
  userId: null,
  householdId: null,
  answer: null,
  cb: null,
  event: null,
  adId: null,
  ...changes,
});

export function answerTo({ value }: Logged<RequestFact>, seq: number): CallFact {
  return call(seq, {
    kind: 'ad-request',
    dialect: dialectOf(seq),
    requestId: value.request_id,
    userId: 'someone',
    answer: {
      request_id: value.request_id,
      ads: value.ads.map((one) => ({
        ad_id: one.reservation,
        campaign_id: one.campaign,
        creative_id: one.creative,
        advertiser_id: one.advertiser,
        position: one.position,
        start_seconds: one.start_seconds,
        duration_seconds: one.duration_seconds,
        tracking: { impression: one.reservation },
      })),
    },
  });
}
