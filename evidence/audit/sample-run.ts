import type {
  AdFact,
  BeaconFact,
  CallFact,
  CandidateFact,
  Logged,
  PartitionFact,
  RequestFact,
  RollupRow,
  Run,
  SeedCampaign,
  SignalFact,
  StoredBeacon,
  TokenFact,
} from './facts.ts';
import { judge } from './judge.ts';

/** A small run that is exact, made by hand for the tests: each test breaks one thing in it. */

export const at0 = Date.UTC(2026, 0, 5, 18, 0, 10);
const minute = Math.floor(at0 / 60_000);
const lifeMs = 4_000;
const expiresAt = (minute + 1) * 60_000 + lifeMs;

export const cola = '10000000-0000-4000-8000-000000000001';
export const rival = '10000000-0000-4000-8000-000000000002';
export const shoes = '10000000-0000-4000-8000-000000000003';
const viewer = { scope: 'user', hash: 'viewer-hash' };

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
const seed = [
  campaign(cola, {
    categories: [colas],
    caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 1 }],
    totalBudgetMicros: 12_000,
  }),
  campaign(rival, { categories: [{ id: 'drinks', ancestors: [] }] }),
  campaign(shoes, { pricing: { model: 'cpc', priceMicros: 50_000 } }),
];

function ad(id: string, position: number, request: number): AdFact {
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

function candidate(id: string, outcome: string): CandidateFact {
  return {
    campaign: id,
    creative: creativeOf(id),
    duration_seconds: 30,
    mu_ppm: 0,
    pacing_signal: null,
    score_signal: null,
    outcome,
  };
}

function request(n: number, ads: readonly AdFact[], candidates: readonly CandidateFact[]): Logged<RequestFact> {
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

function beacon(offset: number, event: string, of: AdFact, requestId: string, appendedAt: number): Logged<BeaconFact> {
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

function partition(records: readonly Logged<unknown>[]): PartitionFact {
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

const call = (seq: number, changes: Partial<CallFact>): CallFact => ({
  seq,
  kind: 'beacon',
  intent: 'normal',
  status: 200,
  error: null,
  url: '',
  requestId: null,
  userId: null,
  householdId: null,
  answer: null,
  cb: null,
  event: null,
  adId: null,
  ...changes,
});

function answerTo({ value }: Logged<RequestFact>, seq: number): CallFact {
  return call(seq, {
    kind: 'ad-request',
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

/** What a warehouse that follows the log holds of these beacons. */
export function storedBeacons(beacons: Run['log']['beacons']): StoredBeacon[] {
  return judge(beacons).map(({ beacon: { value, ...at }, first, late, billable, spend }) => ({
    topic: at.topic,
    partition: at.partition,
    offset: at.offset,
    appendedAt: at.appendedAt,
    arrival_id: value.arrival_id,
    event: value.event,
    request_id: value.request_id,
    reservation: value.reservation,
    campaign: value.campaign,
    creative: value.creative,
    price_micros: value.price_micros,
    minute: value.minute,
    expires_at: value.expires_at,
    duplicate: !first,
    late,
    billable,
    spend_micros: spend,
  }));
}

function rollups(): RollupRow[] {
  const spans = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
  return (['minute', 'hour', 'day'] as const).flatMap((grain): RollupRow[] => {
    const slice = (group: string, at: number, sums: RollupRow['sums']): RollupRow => ({
      kind: 'delivery',
      grain,
      group,
      from: Math.floor(at / spans[grain]) * spans[grain],
      sums,
    });
    return [
      slice(cola, at0, { impressions: 1, duplicates: 1, spend_micros: 12_000 }),
      slice(cola, expiresAt, { late: 1 }),
      slice(shoes, at0, { impressions: 1, clicks: 1, spend_micros: 50_000 }),
      {
        ...slice('', at0, {
          requests: 2,
          filled: 2,
          ads: 3,
          requested_seconds: 120,
          filled_seconds: 90,
          paid_seconds: 90,
        }),
        kind: 'request',
      },
    ];
  });
}

export function sampleRun(): Run {
  const first = [ad(cola, 1, 0), ad(shoes, 2, 0)] as const;
  const requests = [
    request(0, first, [candidate(cola, 'won'), candidate(shoes, 'won'), candidate(rival, 'lost')]),
    request(
      1,
      [ad(rival, 1, 1)],
      [
        candidate(cola, 'cap_reached'),
        candidate(shoes, 'budget_reached'),
        { ...candidate(rival, 'won'), mu_ppm: 7, pacing_signal: 1 },
      ],
    ),
  ];
  const beacons = [
    beacon(0, 'impression', first[0], 'request-0', at0 + 100),
    beacon(1, 'impression', first[0], 'request-0', at0 + 200),
    beacon(2, 'impression', first[1], 'request-0', at0 + 300),
    beacon(3, 'click', first[1], 'request-0', at0 + 400),
    beacon(4, 'complete', first[0], 'request-0', expiresAt + 1),
  ];
  const signals: Logged<SignalFact>[] = [
    {
      topic: 'campaign-signals',
      partition: 0,
      offset: 0,
      appendedAt: at0 + 500,
      key: rival,
      value: { kind: 'PACING', campaign: rival, version: 1, mu_ppm: 7 },
    },
  ];
  const intents = ['normal', 'duplicate', 'normal', 'normal', 'late'];
  const tokens = new Map<string, TokenFact>(
    requests.flatMap(({ value }) =>
      value.ads.map((one): [string, TokenFact] => [
        one.reservation,
        {
          ...one,
          partition: 0,
          viewer: 'viewer',
          request_id: value.request_id,
          click_expires_at: expiresAt,
          identities: one.capped_by,
        },
      ]),
    ),
  );
  return {
    settings: { token_life_ms: lifeMs, click_token_life_ms: lifeMs, signals: true },
    seed: new Map(seed.map((one) => [one.id, one])),
    calls: [
      ...requests.map(answerTo),
      ...beacons.map(({ value, offset }) =>
        call(10 + offset, {
          intent: intents[offset] ?? 'normal',
          cb: value.cachebuster,
          event: value.event,
          adId: value.reservation,
        }),
      ),
      call(20, { intent: 'forged', cb: 'cb-forged', event: 'impression' }),
      call(21, { kind: 'ad-request', intent: 'malformed', status: 400, requestId: 'request-bad' }),
      call(22, { intent: 'lost', status: null, error: 'not sent', cb: 'cb-lost' }),
    ],
    log: {
      partitions: [partition(requests), partition(beacons), partition(signals)],
      requests,
      beacons,
      signals,
      deadLetters: [],
      undecodable: [],
    },
    state: {
      money: new Map([
        [
          cola,
          {
            closed_up_to: minute,
            billed_micros: 12_000,
            billed_impressions: 1,
            days: [{ day: '2026-01-05', micros: 12_000, impressions: 1 }],
            taken: [],
          },
        ],
      ]),
      sums: [
        {
          partition: 0,
          minute,
          campaigns: [
            { campaign: cola, billed_micros: 12_000, impressions: 1 },
            { campaign: shoes, billed_micros: 50_000, impressions: 1 },
          ],
        },
      ],
      frequency: [
        {
          ...viewer,
          entries: [
            {
              reservation: first[0].reservation,
              campaign: cola,
              creative: creativeOf(cola),
              state: 'CONFIRMED',
              at: at0 + 100,
            },
          ],
        },
      ],
      heads: [{ group: 'pacing', topic: 'ad-beacons', partition: 0, position: 5 }],
    },
    warehouse: {
      requests: requests.map(({ value, ...where }) => ({ ...where, ...value, first: true })),
      ads: requests.flatMap(({ value, ...where }) =>
        value.ads.map((one) => ({ ...one, topic: where.topic, partition: where.partition, offset: where.offset })),
      ),
      beacons: storedBeacons(beacons),
      signals,
      rollups: rollups(),
    },
    token: (url) => tokens.get(url) ?? null,
  };
}

/** The run with parts of its log replaced. */
export function withLog(run: Run, changes: Partial<Run['log']>): Run {
  return { ...run, log: { ...run.log, ...changes } };
}

export function withWarehouse(run: Run, changes: Partial<Run['warehouse']>): Run {
  return { ...run, warehouse: { ...run.warehouse, ...changes } };
}

export function withState(run: Run, changes: Partial<Run['state']>): Run {
  return { ...run, state: { ...run.state, ...changes } };
}

/** The rows with the one at `index` changed. */
export function changed<T>(rows: readonly T[], index: number, change: (row: T) => T): T[] {
  return rows.map((row, i) => (i === index ? change(row) : row));
}
