import type avro from 'avsc';
import { containerWriter } from '../../engines/warehouse/avro-container.ts';

/** A row by column name; its shape is the table's in clickhouse/0001-raw-tables.sql. */
export type Row = Readonly<Record<string, unknown>>;

const uuid = { type: 'string', logicalType: 'uuid' };
const millis = { type: 'long', logicalType: 'timestamp-millis' };
const list = (items: unknown) => ({ type: 'array', items });
const map = (values: unknown) => ({ type: 'map', values });
const optional = (type: unknown) => ['null', type];

/** Where a record came from, and when. Minutes are epoch seconds. */
const origin = { topic: 'string', source_partition: 'int', offset: 'long', appended_at: millis };
const receipt = { ...origin, received_at: millis, minute: 'long' };

/** Columns of each raw table with the Avro type they are sent as. */
const columns = {
  requests: {
    ...receipt,
    arrival_id: uuid,
    request_id: 'string',
    viewer: 'string',
    dialect: 'string',
    country: 'string',
    region: 'string',
    city: 'string',
    dma: 'string',
    device_type: 'string',
    os: 'string',
    brand: 'string',
    content_category: 'string',
    content_genre: 'string',
    content_rating: 'string',
    age: optional('int'),
    gender: 'string',
    household_income: optional('long'),
    time_zone: 'string',
    ip_truncated: 'string',
    user_agent_class: 'string',
    identities: map('string'),
    session: 'string',
    break_index: optional('int'),
    requested_seconds: 'int',
    min_ads: 'int',
    max_ads: 'int',
    objective: 'string',
    separation: 'boolean',
    min_separation_seconds: optional('int'),
    allow_duplicate_advertisers: 'boolean',
    features: list('string'),
    ads: 'int',
    filled_seconds: 'int',
    paid_seconds: 'int',
    no_fill_reason: 'string',
    candidate_campaigns: list(uuid),
    candidate_creatives: list(uuid),
    candidate_values_micros: list('long'),
    candidate_mu_ppm: list('long'),
    candidate_scores_micros: list('long'),
    candidate_outcomes: list('string'),
    fallouts: map('int'),
    proof_value: 'long',
    proof_bound: 'long',
    proof_nodes: 'long',
    proof_exact: 'boolean',
    conflicts_rejected: 'int',
    timings_us: map('int'),
    duplicate: 'boolean',
    late: 'boolean',
    invalid: 'boolean',
    over_budget: 'boolean',
    billable: 'boolean',
    experiments: map('string'),
    caller: 'string',
    traffic: 'string',
    consent: 'string',
  },
  request_ads: {
    ...receipt,
    request_id: 'string',
    viewer: 'string',
    country: 'string',
    device_type: 'string',
    reservation: uuid,
    campaign: uuid,
    creative: uuid,
    advertiser: uuid,
    position: 'int',
    start_seconds: 'int',
    duration_seconds: 'int',
    categories: list('string'),
    pricing_model: 'string',
    price_micros: 'long',
    decision_minute: 'long',
    expires_at: millis,
    capped_by: map('string'),
    house: 'boolean',
    duplicate: 'boolean',
    dialect: 'string',
    region: 'string',
    city: 'string',
    dma: 'string',
    os: 'string',
    brand: 'string',
    content_category: 'string',
    content_genre: 'string',
    content_rating: 'string',
    experiments: map('string'),
    predicted_ctr_ppm: optional('int'),
    predicted_completion_ppm: optional('int'),
  },
  beacons: {
    ...receipt,
    decision_minute: 'long',
    arrival_id: uuid,
    event: 'string',
    cachebuster: 'string',
    viewer: 'string',
    request_id: 'string',
    reservation: uuid,
    campaign: uuid,
    creative: uuid,
    advertiser: uuid,
    position: 'int',
    duration_seconds: 'int',
    pricing_model: 'string',
    price_micros: 'long',
    expires_at: millis,
    identities: map('string'),
    country: 'string',
    device_type: 'string',
    user_agent_class: 'string',
    client_at: optional(millis),
    view_ms: optional('long'),
    viewability_percentage: optional('int'),
    audio_level: optional('int'),
    error_code: optional('int'),
    duplicate: 'boolean',
    late: 'boolean',
    invalid: 'boolean',
    over_budget: 'boolean',
    decisive: 'boolean',
    billable: 'boolean',
    spend_micros: 'long',
    offset_seconds: optional('int'),
    caller: 'string',
    traffic: 'string',
  },
  conversions: {
    ...receipt,
    occurred_at: millis,
    arrival_id: uuid,
    conversion_id: 'string',
    viewer: 'string',
    advertiser: uuid,
    type: 'string',
    value_micros: 'long',
    duplicate: 'boolean',
    late: 'boolean',
    invalid: 'boolean',
    source: 'string',
    identities: map('string'),
    known_as: list('string'),
    reservation: optional(uuid),
    traffic: 'string',
  },
  signals: {
    ...origin,
    computed_at: millis,
    campaign: uuid,
    kind: 'string',
    version: 'long',
    caused_by_received_at: optional(millis),
    mu_ppm: 'long',
    pacing_status: 'string',
    spent_micros: 'long',
    target_micros: 'long',
    impressions: 'long',
    ctr_ppm: 'long',
    vtr_ppm: 'long',
    completion_ppm: 'long',
    quality_centi: 'int',
    relevance_centi: 'int',
  },
} as const;

export type RawTable = keyof typeof columns;

/** Every raw table, in the order of insertion. */
export const rawTables = Object.keys(columns) as readonly RawTable[];

const writers = new Map(
  rawTables.map((table) => {
    const fields = Object.entries(columns[table]).map(([name, type]) => ({ name, type }));
    return [table, containerWriter<Row>({ type: 'record', name: table, fields } as avro.Schema)] as const;
  }),
);

/** The rows as `Warehouse.insertAvro` takes them. */
export function containerOf(table: RawTable, rows: readonly Row[]): Buffer {
  const writer = writers.get(table);
  if (!writer) throw new Error(`${table} is no raw table`);
  return writer.write(rows);
}
