-- What analysts read. Views merge the source partitions and leave nothing to remember: no FINAL, no states.
-- The first two have the names and at least the columns of the plan's tables.

CREATE VIEW breakwater.analytics_events
(
    id UUID COMMENT 'One per arrival',
    event_type LowCardinality(String) COMMENT 'impression, click, complete, error and all other beacons; conversion',
    campaign_id Nullable(UUID) COMMENT 'Null for conversions',
    creative_id Nullable(UUID) COMMENT 'Null for conversions',
    advertiser_id UUID COMMENT 'Advertiser',
    reservation_id Nullable(UUID) COMMENT 'The ad''s place in its pod; null for conversions',
    user_identifier String COMMENT 'Pseudonym of the viewer',
    device_info Map(String, String) COMMENT 'type, user_agent_class',
    geo_info Map(String, String) COMMENT 'country',
    event_timestamp DateTime64(3, 'UTC') COMMENT 'Receipt by the server',
    view_duration Nullable(Int64) COMMENT 'Seconds watched, as the player says',
    viewability_percentage Nullable(Int32) COMMENT '0 to 100',
    audio_level Nullable(Int32) COMMENT '0 to 100',
    attribution_window Nullable(Int32) COMMENT 'Hours; null until conversions are attributed',
    conversion_value Nullable(Decimal(18, 4)) COMMENT 'Conversions only, in currency units',
    created_at DateTime64(3, 'UTC') COMMENT 'When the log appended it',
    duplicate Bool COMMENT 'Came again',
    late Bool COMMENT 'Came after its expiry',
    invalid Bool COMMENT 'Contradicts what came before',
    over_budget Bool COMMENT 'Always false: money is taken before it is spent',
    billable Bool COMMENT 'First of its kind, on time, valid',
    spend_micros Int64 COMMENT 'What it cost'
)
AS
SELECT
    arrival_id AS id, event AS event_type, toNullable(campaign) AS campaign_id, toNullable(creative) AS creative_id,
    advertiser AS advertiser_id, toNullable(reservation) AS reservation_id, viewer AS user_identifier,
    map('type', toString(device_type), 'user_agent_class', toString(user_agent_class)) AS device_info,
    map('country', toString(country)) AS geo_info,
    received_at AS event_timestamp, intDiv(view_ms, 1000) AS view_duration, viewability_percentage, audio_level,
    CAST(NULL, 'Nullable(Int32)') AS attribution_window, CAST(NULL, 'Nullable(Decimal(18, 4))') AS conversion_value,
    appended_at AS created_at, duplicate, late, invalid, over_budget, billable, spend_micros
FROM breakwater.beacons FINAL
UNION ALL
SELECT
    arrival_id, 'conversion', NULL, NULL,
    advertiser, NULL, viewer,
    map(), map(),
    received_at, NULL, NULL, NULL,
    NULL, toDecimal64(value_micros, 4) / 1000000,
    appended_at, duplicate, late, invalid, false, false, 0
FROM breakwater.conversions FINAL;

CREATE VIEW breakwater.campaign_performance
(
    id UUID COMMENT 'The campaign',
    campaign_id UUID COMMENT 'The campaign',
    total_impressions UInt64 COMMENT 'Billable impressions',
    total_clicks UInt64 COMMENT 'Clicks, each place once',
    total_completions UInt64 COMMENT 'Completes, each place once',
    ctr Nullable(Decimal(9, 4)) COMMENT 'Clicks per impression; null without impressions',
    vtr Nullable(Decimal(9, 4)) COMMENT 'Completes per impression; null without impressions',
    completion_rate Nullable(Decimal(9, 4)) COMMENT 'Completes per start; null without starts',
    quality_score Nullable(Decimal(9, 2)) COMMENT '0 to 10, from the newest score signal; null before the first',
    relevance_score Nullable(Decimal(9, 2)) COMMENT '0 to 10, from the newest score signal; null before the first',
    budget_spent_today Decimal(18, 2) COMMENT 'Currency units, by receipt, today in UTC',
    projected_spend_today Decimal(18, 2) COMMENT 'Spend of today if it goes on as until now',
    pacing_status LowCardinality(String) COMMENT 'under, on_track, over; empty before the first signal',
    total_spend_micros Int64 COMMENT 'All spend, exact',
    spend_today_micros Int64 COMMENT 'Spend of today in UTC, exact',
    last_calculated_at DateTime('UTC') COMMENT 'Newest delivery or signal in it',
    created_at Nullable(DateTime('UTC')) COMMENT 'First day of delivery'
)
AS
WITH
    toDate(now('UTC')) AS today,
    greatest(1, dateDiff('second', toStartOfDay(now('UTC')), now('UTC'))) AS elapsed_seconds
SELECT
    campaign AS id, campaign AS campaign_id,
    delivered.impressions AS total_impressions, delivered.clicks AS total_clicks, delivered.completes AS total_completions,
    if(total_impressions = 0, NULL, toDecimal64(delivered.clicks, 4) / total_impressions) AS ctr,
    if(total_impressions = 0, NULL, toDecimal64(delivered.completes, 4) / total_impressions) AS vtr,
    if(delivered.starts = 0, NULL, toDecimal64(delivered.completes, 4) / delivered.starts) AS completion_rate,
    if(scored = 0, NULL, toDecimal64(signalled.quality_centi, 2) / 100) AS quality_score,
    if(scored = 0, NULL, toDecimal64(signalled.relevance_centi, 2) / 100) AS relevance_score,
    toDecimal64(delivered.today_micros, 2) / 1000000 AS budget_spent_today,
    toDecimal64(intDiv(toInt128(delivered.today_micros) * 86400, elapsed_seconds), 2) / 1000000 AS projected_spend_today,
    signalled.status AS pacing_status,
    delivered.spend_micros AS total_spend_micros,
    delivered.today_micros AS spend_today_micros,
    greatest(delivered.newest, signalled.newest) AS last_calculated_at,
    if(delivered.days = 0, NULL, toDateTime(delivered.oldest, 'UTC')) AS created_at
FROM
(
    SELECT
        campaign, sum(d.impressions) AS impressions, sum(d.clicks) AS clicks, sum(d.completes) AS completes,
        sum(d.starts) AS starts, sum(d.spend_micros) AS spend_micros,
        sumIf(d.spend_micros, day = today) AS today_micros,
        toDateTime(max(day), 'UTC') AS newest, min(day) AS oldest, uniqExact(day) AS days
    FROM breakwater.delivery_days AS d FINAL
    GROUP BY campaign
) AS delivered
FULL OUTER JOIN
(
    SELECT
        campaign, countIf(kind = 'SCORE') AS scored,
        argMaxIf(s.quality_centi, version, kind = 'SCORE') AS quality_centi,
        argMaxIf(s.relevance_centi, version, kind = 'SCORE') AS relevance_centi,
        argMaxIf(s.pacing_status, version, kind = 'PACING') AS status,
        toDateTime(max(computed_at), 'UTC') AS newest
    FROM breakwater.signals AS s
    GROUP BY campaign
) AS signalled USING (campaign);

CREATE VIEW breakwater.campaign_minutes
(
    minute DateTime('UTC') COMMENT 'Minute of receipt, UTC',
    campaign UUID COMMENT 'Campaign',
    creative UUID COMMENT 'Creative',
    advertiser UUID COMMENT 'Advertiser',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    minute, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors, sum(d.duplicates) AS duplicates, sum(d.late) AS late,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_minutes AS d FINAL
GROUP BY minute, campaign, creative, advertiser, country, device_type;

CREATE VIEW breakwater.campaign_hours
(
    hour DateTime('UTC') COMMENT 'Hour of receipt, UTC',
    campaign UUID COMMENT 'Campaign',
    creative UUID COMMENT 'Creative',
    advertiser UUID COMMENT 'Advertiser',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    hour, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors, sum(d.duplicates) AS duplicates, sum(d.late) AS late,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_hours AS d FINAL
GROUP BY hour, campaign, creative, advertiser, country, device_type;

CREATE VIEW breakwater.campaign_days
(
    day Date COMMENT 'Day of receipt, UTC',
    campaign UUID COMMENT 'Campaign',
    creative UUID COMMENT 'Creative',
    advertiser UUID COMMENT 'Advertiser',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    day, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors, sum(d.duplicates) AS duplicates, sum(d.late) AS late,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_days AS d FINAL
GROUP BY day, campaign, creative, advertiser, country, device_type;

CREATE VIEW breakwater.inventory_hours
(
    hour DateTime('UTC') COMMENT 'Hour of receipt, UTC',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    no_fill_reason LowCardinality(String) COMMENT 'Why no ad was served; empty: some were',
    requests UInt64 COMMENT 'Requests',
    filled UInt64 COMMENT 'Requests that got at least one ad',
    ads UInt64 COMMENT 'Ads served',
    requested_seconds UInt64 COMMENT 'Seconds asked for',
    filled_seconds UInt64 COMMENT 'Seconds of all ads served',
    paid_seconds UInt64 COMMENT 'Seconds of the ads served that are not house ads',
    fill_rate Float64 COMMENT 'Paid seconds per requested second',
    viewers UInt64 COMMENT 'Different viewers of this row, about'
)
AS
SELECT
    hour, country, device_type, no_fill_reason,
    sum(r.requests) AS requests, sum(r.filled) AS filled, sum(r.ads) AS ads,
    sum(r.requested_seconds) AS requested_seconds, sum(r.filled_seconds) AS filled_seconds,
    sum(r.paid_seconds) AS paid_seconds,
    if(requested_seconds = 0, 0, paid_seconds / requested_seconds) AS fill_rate,
    uniqCombined64Merge(r.viewers) AS viewers
FROM breakwater.request_hours AS r FINAL
GROUP BY hour, country, device_type, no_fill_reason;

CREATE VIEW breakwater.deliveries
(
    decision_minute DateTime('UTC') COMMENT 'Minute of the decision',
    request_id String COMMENT 'The request that served it',
    reservation UUID COMMENT 'The ad''s place',
    campaign UUID COMMENT 'Campaign',
    creative UUID COMMENT 'Creative',
    advertiser UUID COMMENT 'Advertiser',
    viewer String COMMENT 'Pseudonym of the viewer',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    position UInt16 COMMENT 'Place in the pod, from 1',
    duration_seconds UInt32 COMMENT 'Length of the ad',
    impression_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When its billable impression was appended; null: none',
    played_percent UInt8 COMMENT 'The furthest of 0, 25, 50, 75, 100 that a beacon tells of',
    clicked Bool COMMENT 'A click on time',
    failed Bool COMMENT 'An error before any impression',
    beacons UInt64 COMMENT 'Beacons of any kind, repeated and late ones too',
    spend_micros Int64 COMMENT 'What it cost'
)
AS
SELECT
    decision_minute, request_id, reservation, campaign, creative, advertiser, viewer, country, device_type,
    position, duration_seconds,
    anyIf(toNullable(appended_at), event = 'impression' AND billable) AS impression_at,
    toUInt8(max(multiIf(NOT billable, 0, event = 'complete', 100, event = 'thirdQuartile', 75, event = 'midpoint', 50, event = 'firstQuartile', 25, 0))) AS played_percent,
    CAST(countIf(event = 'click' AND billable) > 0, 'Bool') AS clicked,
    CAST(countIf(event = 'error' AND decisive) > 0, 'Bool') AS failed,
    count() AS beacons,
    sum(b.spend_micros) AS spend_micros
FROM breakwater.beacons AS b FINAL
GROUP BY
    decision_minute, request_id, reservation, campaign, creative, advertiser, viewer, country, device_type,
    position, duration_seconds;
