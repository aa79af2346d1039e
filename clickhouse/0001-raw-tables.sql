-- What the topics hold, one row per record (or per served ad). A row is named by where it came from:
-- topic, source_partition, offset. Every column of a sorting key is fixed by the record itself, so inserting a
-- record twice leaves one row. Read with FINAL.

CREATE DATABASE IF NOT EXISTS breakwater ENGINE = Atomic;

CREATE TABLE breakwater.requests
(
    topic LowCardinality(String) COMMENT 'Topic of the record',
    source_partition UInt16 COMMENT 'Partition of the record',
    offset UInt64 COMMENT 'Offset of the record in its partition',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the log appended it; the time that decides',
    received_at DateTime64(3, 'UTC') COMMENT 'When the decision API received the request',
    minute DateTime('UTC') COMMENT 'Minute of received_at; roll-ups go by it',
    arrival_id UUID COMMENT 'One per decision; equal in records that were shipped twice',
    request_id String COMMENT 'The caller''s id, else made by us',
    viewer String COMMENT 'Pseudonym of the viewer; key of the record',
    dialect LowCardinality(String) COMMENT 'json, vast, vmap, openrtb, asset-list, v1',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    region LowCardinality(String) COMMENT 'ISO 3166-2; empty: unknown',
    city String COMMENT 'Empty: unknown',
    dma LowCardinality(String) COMMENT 'Nielsen DMA code; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    os LowCardinality(String) COMMENT 'Empty: unknown',
    brand LowCardinality(String) COMMENT 'Empty: unknown',
    content_category LowCardinality(String) COMMENT 'Empty: unknown',
    content_genre LowCardinality(String) COMMENT 'Empty: unknown',
    content_rating LowCardinality(String) COMMENT 'Empty: unknown',
    age Nullable(Int32) COMMENT 'Years',
    gender LowCardinality(String) COMMENT 'Empty: unknown',
    household_income Nullable(Int64) COMMENT 'Per year, whole currency units',
    time_zone LowCardinality(String) COMMENT 'IANA name; empty: unknown',
    ip_truncated String COMMENT 'Network of the address; empty: unknown',
    user_agent_class LowCardinality(String) COMMENT 'tv, bot, stitcher, unknown',
    identities Map(LowCardinality(String), String) COMMENT 'Scope -> pseudonym',
    session String COMMENT 'Pseudonym of the stream; empty: none',
    break_index Nullable(Int32) COMMENT 'Which break of the stream',
    requested_seconds UInt32 COMMENT 'Length of the pod asked for',
    min_ads UInt16 COMMENT 'Fewest ads asked for',
    max_ads UInt16 COMMENT 'Most ads asked for',
    objective LowCardinality(String) COMMENT 'revenue, fill_rate, user_experience',
    separation Bool COMMENT 'False: competitors may stand anywhere',
    min_separation_seconds Nullable(Int32) COMMENT 'Null: competitors never in one pod',
    allow_duplicate_advertisers Bool COMMENT 'Whether one advertiser may stand twice',
    features Array(LowCardinality(String)) COMMENT 'Features on for this viewer',
    ads UInt16 COMMENT 'Ads served; their rows are in request_ads',
    filled_seconds UInt32 COMMENT 'Length of all ads served',
    paid_seconds UInt32 COMMENT 'Length of the ads served that are not house ads',
    no_fill_reason LowCardinality(String) COMMENT 'Why no ad was served; empty: some were',
    candidate_campaigns Array(UUID) COMMENT 'Campaigns that came to the ranking, in its order; the candidate_ arrays are parallel',
    candidate_creatives Array(UUID) COMMENT 'Creative of each candidate',
    candidate_values_micros Array(Int64) COMMENT 'Expected value of an impression',
    candidate_mu_ppm Array(Int64) COMMENT 'Shadow price of the budget, parts per million of price',
    candidate_scores_micros Array(Int64) COMMENT 'Value less shadow price',
    candidate_outcomes Array(LowCardinality(String)) COMMENT 'won, lost, cap_reached, budget_reached and others',
    fallouts Map(LowCardinality(String), UInt32) COMMENT 'Reason -> campaigns that fell out before the ranking',
    proof_value Int64 COMMENT 'The objective''s value of the pod',
    proof_bound Int64 COMMENT 'What no pod could exceed',
    proof_nodes UInt64 COMMENT 'Search steps',
    proof_exact Bool COMMENT 'The pod is proven the best',
    conflicts_rejected UInt32 COMMENT 'Pairs of candidates kept apart by separation',
    timings_us Map(LowCardinality(String), UInt32) COMMENT 'Step -> microseconds',
    duplicate Bool COMMENT 'The same request_id stands in the same minute at a lower offset; no part of any sum',
    late Bool COMMENT 'Always false: a request has no expiry',
    invalid Bool COMMENT 'The ads are longer than the pod asked for',
    over_budget Bool COMMENT 'A budget refused at least one candidate',
    billable Bool COMMENT 'Always false: beacons are billed'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, request_id, topic, offset)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Every ad request with its context and decision. Topic ad-requests';

CREATE TABLE breakwater.request_ads
(
    topic LowCardinality(String) COMMENT 'Topic of the record',
    source_partition UInt16 COMMENT 'Partition of the record',
    offset UInt64 COMMENT 'Offset of the request in its partition',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the log appended the request',
    received_at DateTime64(3, 'UTC') COMMENT 'When the decision API received the request',
    minute DateTime('UTC') COMMENT 'Minute of received_at',
    request_id String COMMENT 'The request',
    viewer String COMMENT 'Pseudonym of the viewer',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    reservation UUID COMMENT 'The ad''s place; beacons name it',
    campaign UUID COMMENT 'Campaign served',
    creative UUID COMMENT 'Creative served',
    advertiser UUID COMMENT 'Advertiser served',
    position UInt16 COMMENT 'Place in the pod, from 1',
    start_seconds UInt32 COMMENT 'From the pod''s beginning',
    duration_seconds UInt32 COMMENT 'Length of the ad',
    categories Array(LowCardinality(String)) COMMENT 'Competitive categories',
    pricing_model LowCardinality(String) COMMENT 'cpm, cpc, cpv, flat',
    price_micros Int64 COMMENT 'Price of one billable event',
    decision_minute DateTime('UTC') COMMENT 'Minute of the decision, which money belongs to',
    expires_at DateTime64(3, 'UTC') COMMENT 'A beacon appended later is late',
    capped_by Map(LowCardinality(String), String) COMMENT 'Scope -> pseudonym under whose cap the place is reserved',
    house Bool COMMENT 'Fills what nobody paid for',
    duplicate Bool COMMENT 'The request is a duplicate; no part of any sum'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, reservation, topic, offset)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Every served ad, one row each. Topic ad-requests';

CREATE TABLE breakwater.beacons
(
    topic LowCardinality(String) COMMENT 'Topic of the record',
    source_partition UInt16 COMMENT 'Partition of the record; all beacons of a reservation are in one',
    offset UInt64 COMMENT 'Offset of the record in its partition',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the log appended it; the time that decides',
    received_at DateTime64(3, 'UTC') COMMENT 'When the decision API received the beacon',
    minute DateTime('UTC') COMMENT 'Minute of received_at; roll-ups go by it',
    decision_minute DateTime('UTC') COMMENT 'Minute of the decision, which money belongs to',
    arrival_id UUID COMMENT 'One per HTTP arrival; equal in records that were shipped twice',
    event LowCardinality(String) COMMENT 'impression, start, firstQuartile, midpoint, thirdQuartile, complete, click and others',
    cachebuster String COMMENT 'The player''s cb parameter; empty: none',
    viewer String COMMENT 'Pseudonym of the viewer',
    request_id String COMMENT 'The request that served the ad',
    reservation UUID COMMENT 'The ad''s place',
    campaign UUID COMMENT 'Campaign served',
    creative UUID COMMENT 'Creative served',
    advertiser UUID COMMENT 'Advertiser served',
    position UInt16 COMMENT 'Place in the pod, from 1',
    duration_seconds UInt32 COMMENT 'Length of the ad',
    pricing_model LowCardinality(String) COMMENT 'cpm, cpc, cpv, flat',
    price_micros Int64 COMMENT 'Price of one billable event',
    expires_at DateTime64(3, 'UTC') COMMENT 'Appended later is late',
    identities Map(LowCardinality(String), String) COMMENT 'Scope -> pseudonym under caps',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    user_agent_class LowCardinality(String) COMMENT 'tv, bot, stitcher, unknown',
    client_at Nullable(DateTime64(3, 'UTC')) COMMENT 'By the player''s clock; never decides anything',
    view_ms Nullable(Int64) COMMENT 'Milliseconds watched, as the player says',
    viewability_percentage Nullable(Int32) COMMENT '0 to 100, as the player says',
    audio_level Nullable(Int32) COMMENT '0 to 100, as the player says',
    error_code Nullable(Int32) COMMENT 'VAST error code',
    duplicate Bool COMMENT 'The same event of the same reservation stands at a lower offset',
    late Bool COMMENT 'Appended after expires_at',
    invalid Bool COMMENT 'An impression after the place was released or the ad had failed',
    over_budget Bool COMMENT 'Always false: money is taken before it is spent',
    decisive Bool COMMENT 'Of impression, notUsed and error: the first, which decided what became of the place',
    billable Bool COMMENT 'First of its kind, on time, not invalid: what windows, budgets and sums count',
    spend_micros Int64 COMMENT 'price_micros where billable and the event that its pricing model bills, else 0',
    INDEX decision_minutes decision_minute TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, reservation, event, topic, offset)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Every genuine beacon with its flags. Topic ad-beacons';

CREATE TABLE breakwater.conversions
(
    topic LowCardinality(String) COMMENT 'Topic of the record',
    source_partition UInt16 COMMENT 'Partition of the record',
    offset UInt64 COMMENT 'Offset of the record in its partition',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the log appended it',
    received_at DateTime64(3, 'UTC') COMMENT 'When it was received',
    minute DateTime('UTC') COMMENT 'Minute of received_at',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, as its sender says',
    arrival_id UUID COMMENT 'One per HTTP arrival',
    conversion_id String COMMENT 'The sender''s id',
    viewer String COMMENT 'Pseudonym of the viewer',
    advertiser UUID COMMENT 'Whose conversion it is',
    type LowCardinality(String) COMMENT 'What was done',
    value_micros Int64 COMMENT 'What it is worth',
    duplicate Bool COMMENT 'The same conversion_id stands at a lower offset; no part of any sum',
    late Bool COMMENT 'Always false: a conversion has no expiry',
    invalid Bool COMMENT 'It occurred more than a day after it was received',
    INDEX ids conversion_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, conversion_id, topic, offset)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Every conversion. Topic conversions';

CREATE TABLE breakwater.signals
(
    topic LowCardinality(String) COMMENT 'Topic of the record',
    source_partition UInt16 COMMENT 'Partition of the record',
    offset UInt64 COMMENT 'Offset of the record in its partition',
    appended_at DateTime64(3, 'UTC') COMMENT 'When the log appended it',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the worker computed it',
    campaign UUID COMMENT 'The campaign',
    kind LowCardinality(String) COMMENT 'PACING, SCORE',
    version UInt64 COMMENT 'Grows per campaign and kind; the newest holds',
    caused_by_received_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Receipt of the oldest beacon that it is the first to include; null on a repetition',
    mu_ppm Int64 COMMENT 'PACING: shadow price of the budget',
    pacing_status LowCardinality(String) COMMENT 'PACING: under, on_track, over',
    spent_micros Int64 COMMENT 'PACING: spent so far',
    target_micros Int64 COMMENT 'PACING: what the curve wants by now',
    impressions Int64 COMMENT 'PACING: billable impressions so far',
    ctr_ppm Int64 COMMENT 'SCORE: clicks per million impressions',
    vtr_ppm Int64 COMMENT 'SCORE: completes per million impressions',
    completion_ppm Int64 COMMENT 'SCORE: completes per million starts',
    quality_centi Int32 COMMENT 'SCORE: 0 to 1000 is 0 to 10',
    relevance_centi Int32 COMMENT 'SCORE: 0 to 1000 is 0 to 10'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(computed_at)
ORDER BY (campaign, kind, version, topic, source_partition, offset)
TTL toDateTime(computed_at) + INTERVAL 1200 DAY,
    toDateTime(computed_at) + INTERVAL 35 DAY DELETE WHERE caused_by_received_at IS NULL
COMMENT 'Every signal that decisions could have used; repetitions go after 35 days. Topic campaign-signals';
