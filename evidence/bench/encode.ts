import { decode, encode } from '../../schemas/codec.ts';
import type { EventName, EventShapes } from '../../schemas/events.ts';
import { compare, here } from './interleave.ts';
import { atLeast, atMost, type BenchOptions, micros, type Rows, range } from './rows.ts';

const uuid = (n: number) => `01890a5d-ac96-774b-bcce-${n.toString(16).padStart(12, '0')}`;
const hash = (n: number) => `h${n}`.padEnd(22, 'Zq3_');
const at = 1_800_000_000_123;
const identities = [
  { scope: 'user', hash: hash(1) },
  { scope: 'household', hash: hash(2) },
];

export const beaconOf = (n: number): EventShapes['ad-beacon'] => ({
  arrival_id: uuid(n),
  event: 'impression',
  received_at: at + n,
  cachebuster: `${n}`.padStart(10, '8'),
  viewer: hash(3),
  request_id: uuid(n + 1),
  reservation: uuid(n + 2),
  campaign: uuid(4),
  creative: uuid(5),
  advertiser: uuid(6),
  position: 2,
  duration_seconds: 30,
  pricing_model: 'cpm',
  price_micros: 24_000,
  minute: 30_000_000,
  expires_at: at + 900_000,
  identities,
  country: 'US',
  device_type: 'smart_tv',
  user_agent_class: 'tv',
  client_at: at,
  view_ms: null,
  viewability_percentage: null,
  audio_level: null,
  error_code: null,
  offset_seconds: null,
  caller: 'anonymous',
  invalid: null,
});

export const requestOf = (n: number): EventShapes['ad-request'] => ({
  arrival_id: uuid(n),
  request_id: uuid(n + 1),
  received_at: at + n,
  viewer: hash(3),
  dialect: 'json',
  context: {
    country: 'US',
    region: 'US-CA',
    city: 'los angeles',
    dma: '803',
    device_type: 'smart_tv',
    os: 'tizen',
    brand: 'samsung',
    content_category: 'sports',
    content_genre: 'action',
    content_rating: 'PG',
    age: 35,
    gender: 'male',
    household_income: 75_000,
    time_zone: 'America/Los_Angeles',
    ip_truncated: '203.0.113.0',
    user_agent_class: 'tv',
    more: {},
    other_categories: [],
  },
  identities,
  session: hash(7),
  break_index: 1,
  requested_seconds: 120,
  min_ads: 1,
  max_ads: 6,
  objective: 'revenue',
  min_separation_seconds: 30,
  break_offset_ms: 600_000,
  separation_scope: 'pod',
  separation: true,
  allow_duplicate_advertisers: false,
  features: ['targeting', 'frequency', 'pods'],
  ads: Array.from({ length: 4 }, (_, index) => ({
    reservation: uuid(n + index),
    campaign: uuid(20 + index),
    creative: uuid(30 + index),
    advertiser: uuid(40 + index),
    position: index + 1,
    start_seconds: 30 * index,
    duration_seconds: 30,
    categories: ['1003'],
    pricing_model: 'cpm',
    price_micros: 24_000,
    minute: 30_000_000,
    expires_at: at + 900_000,
    capped_by: identities,
    house: false,
    for_life: false,
    ancestors: ['1000'],
    predicted_ctr_ppm: 2_000,
    predicted_completion_ppm: 930_000,
  })),
  candidates: Array.from({ length: 20 }, (_, index) => ({
    campaign: uuid(20 + index),
    creative: uuid(30 + index),
    duration_seconds: 30,
    value_micros: 24_000 + index,
    mu_ppm: 120_000,
    score_micros: 21_000 + index,
    pacing_signal: at,
    score_signal: at,
    outcome: index < 4 ? 'won' : 'lost',
  })),
  fallouts: [{ reason: 'targeting', campaigns: 9_000 }],
  no_fill_reason: null,
  filled_seconds: 120,
  proof: { value: 90_000, bound: 90_000, nodes: 12, exact: true, conflicts_rejected: 14 },
  timings_us: { match: 20, read: 800, pace: 30, score: 20, solve: 80, reserve: 900, give_up: 1 },
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
});

/** An impression, which most records are, and a request with its candidates, which is the largest. */
export async function benchEncode(_options: BenchOptions): Promise<Rows> {
  return { ...(await benchRecord('ad-beacon', beaconOf)), ...(await benchRecord('ad-request', requestOf)) };
}

async function benchRecord<N extends EventName>(name: N, make: (n: number) => EventShapes[N]): Promise<Rows> {
  const values = Array.from({ length: 100 }, (_, n) => make(n * 16));
  const valueAt = (turn: number) => values[turn % 100] as EventShapes[N];
  const json = here('json', (turn) => Buffer.from(JSON.stringify(valueAt(turn))));
  const avro = here('avro', (turn) => encode(name, valueAt(turn)));
  const found = await compare(json, avro, { rounds: 31, blockMs: 60 });
  const bytes = encode(name, valueAt(0));
  const text = Buffer.from(JSON.stringify(decode(bytes).value));
  const key = name.replace('-', '_');
  const detail = `avro ${micros(found.micros.avro)}, json ${micros(found.micros.json)}; ${range(found.ratios)}`;
  return {
    [`encode_${key}_speed_over_json`]: atLeast(found.ratio, 2, 2.5, detail),
    [`encode_${key}_bytes_over_json`]: atMost(
      bytes.length / text.length,
      0.45,
      0.35,
      `${bytes.length} of ${text.length} bytes`,
    ),
  };
}
