-- Sums by minute, hour and day. Nothing here is incremented: the minutes that a batch touched are computed again from
-- the raw rows of their own source partition (recompute/*.sql) and replace what was there. A slice's version grows
-- with its newest offset, so a recompute that saw less can never win, in whatever order they are written.

CREATE TABLE breakwater.roll_up_epochs
(
    epoch UInt32 COMMENT 'Higher than any before',
    why String COMMENT 'What was erased or rebuilt'
)
ENGINE = ReplacingMergeTree
ORDER BY epoch
COMMENT 'A new epoch begins where raw rows were erased or judged anew: its recomputes replace all older ones';

INSERT INTO breakwater.roll_up_epochs (epoch, why) VALUES (1, 'the beginning');

CREATE TABLE breakwater.delivery_minutes
(
    source_partition UInt16 COMMENT 'Partition of ad-beacons that the row sums; views merge the partitions',
    minute DateTime('UTC') COMMENT 'Minute of receipt',
    campaign UUID COMMENT 'Campaign served',
    creative UUID COMMENT 'Creative served',
    advertiser UUID COMMENT 'Advertiser served',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts, counted once and on time, like all events here',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons of any kind that came again',
    late UInt64 COMMENT 'Beacons of any kind that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers of billable impressions; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, campaign, creative, advertiser, country, device_type)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Beacons by minute, recomputed from beacons, never incremented';

CREATE TABLE breakwater.delivery_hours
(
    source_partition UInt16 COMMENT 'Partition of ad-beacons that the row sums; views merge the partitions',
    hour DateTime('UTC') COMMENT 'Hour of receipt',
    campaign UUID COMMENT 'Campaign served',
    creative UUID COMMENT 'Creative served',
    advertiser UUID COMMENT 'Advertiser served',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts, counted once and on time, like all events here',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons of any kind that came again',
    late UInt64 COMMENT 'Beacons of any kind that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers of billable impressions; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
PRIMARY KEY (source_partition, hour)
ORDER BY (source_partition, hour, campaign, creative, advertiser, country, device_type)
TTL hour + INTERVAL 1200 DAY
COMMENT 'Beacons by hour, recomputed from delivery_minutes, never incremented';

CREATE TABLE breakwater.delivery_days
(
    source_partition UInt16 COMMENT 'Partition of ad-beacons that the row sums; views merge the partitions',
    day Date COMMENT 'Day of receipt',
    campaign UUID COMMENT 'Campaign served',
    creative UUID COMMENT 'Creative served',
    advertiser UUID COMMENT 'Advertiser served',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    impressions UInt64 COMMENT 'Billable impressions',
    starts UInt64 COMMENT 'Starts, counted once and on time, like all events here',
    first_quartiles UInt64 COMMENT 'First quartiles',
    midpoints UInt64 COMMENT 'Midpoints',
    third_quartiles UInt64 COMMENT 'Third quartiles',
    completes UInt64 COMMENT 'Completes',
    clicks UInt64 COMMENT 'Clicks',
    skips UInt64 COMMENT 'Skips',
    errors UInt64 COMMENT 'Errors',
    duplicates UInt64 COMMENT 'Beacons of any kind that came again',
    late UInt64 COMMENT 'Beacons of any kind that came after their expiry',
    spend_micros Int64 COMMENT 'Spend',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers of billable impressions; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
PRIMARY KEY (source_partition, day)
ORDER BY (source_partition, day, campaign, creative, advertiser, country, device_type)
TTL day + INTERVAL 3660 DAY
COMMENT 'Beacons by day, recomputed from delivery_hours, never incremented';

CREATE TABLE breakwater.request_minutes
(
    source_partition UInt16 COMMENT 'Partition of ad-requests that the row sums; views merge the partitions',
    minute DateTime('UTC') COMMENT 'Minute of receipt',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    no_fill_reason LowCardinality(String) COMMENT 'Why no ad was served; empty: some were',
    requests UInt64 COMMENT 'Requests, repeated ones once',
    filled UInt64 COMMENT 'Requests that got at least one ad',
    ads UInt64 COMMENT 'Ads served',
    requested_seconds UInt64 COMMENT 'Seconds asked for',
    filled_seconds UInt64 COMMENT 'Seconds of all ads served',
    paid_seconds UInt64 COMMENT 'Seconds of the ads served that are not house ads',
    duplicates UInt64 COMMENT 'Requests that stand in the log again',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers who asked; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(minute)
PRIMARY KEY (source_partition, minute)
ORDER BY (source_partition, minute, country, device_type, no_fill_reason)
TTL minute + INTERVAL 1200 DAY
COMMENT 'Requests by minute, recomputed from requests, never incremented';

CREATE TABLE breakwater.request_hours
(
    source_partition UInt16 COMMENT 'Partition of ad-requests that the row sums; views merge the partitions',
    hour DateTime('UTC') COMMENT 'Hour of receipt',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    no_fill_reason LowCardinality(String) COMMENT 'Why no ad was served; empty: some were',
    requests UInt64 COMMENT 'Requests, repeated ones once',
    filled UInt64 COMMENT 'Requests that got at least one ad',
    ads UInt64 COMMENT 'Ads served',
    requested_seconds UInt64 COMMENT 'Seconds asked for',
    filled_seconds UInt64 COMMENT 'Seconds of all ads served',
    paid_seconds UInt64 COMMENT 'Seconds of the ads served that are not house ads',
    duplicates UInt64 COMMENT 'Requests that stand in the log again',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers who asked; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(hour)
PRIMARY KEY (source_partition, hour)
ORDER BY (source_partition, hour, country, device_type, no_fill_reason)
TTL hour + INTERVAL 1200 DAY
COMMENT 'Requests by hour, recomputed from request_minutes, never incremented';

CREATE TABLE breakwater.request_days
(
    source_partition UInt16 COMMENT 'Partition of ad-requests that the row sums; views merge the partitions',
    day Date COMMENT 'Day of receipt',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: unknown',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    no_fill_reason LowCardinality(String) COMMENT 'Why no ad was served; empty: some were',
    requests UInt64 COMMENT 'Requests, repeated ones once',
    filled UInt64 COMMENT 'Requests that got at least one ad',
    ads UInt64 COMMENT 'Ads served',
    requested_seconds UInt64 COMMENT 'Seconds asked for',
    filled_seconds UInt64 COMMENT 'Seconds of all ads served',
    paid_seconds UInt64 COMMENT 'Seconds of the ads served that are not house ads',
    duplicates UInt64 COMMENT 'Requests that stand in the log again',
    viewers AggregateFunction(uniqCombined64, String) COMMENT 'Viewers who asked; uniqCombined64Merge reads it',
    version UInt128 COMMENT 'Epoch, then the newest offset of the slice; the highest holds'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
PRIMARY KEY (source_partition, day)
ORDER BY (source_partition, day, country, device_type, no_fill_reason)
TTL day + INTERVAL 3660 DAY
COMMENT 'Requests by day, recomputed from request_hours, never incremented';
