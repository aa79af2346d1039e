-- What of the beacons counts and what does not, in classes that add up, for reports: gross = net + duplicates + late + invalid.
-- The columns are zero in roll-ups of before: `breakwater rebuild rollups` fills them.

ALTER TABLE breakwater.delivery_minutes
    ADD COLUMN IF NOT EXISTS gross UInt64 COMMENT 'Beacons of any kind, all of them' AFTER errors,
    ADD COLUMN IF NOT EXISTS net UInt64 COMMENT 'Beacons of any kind that count' AFTER gross,
    ADD COLUMN IF NOT EXISTS late_first UInt64 COMMENT 'Late, and no repetition' AFTER late,
    ADD COLUMN IF NOT EXISTS invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted' AFTER late_first,
    ADD COLUMN IF NOT EXISTS gross_impressions UInt64 COMMENT 'Impressions, all of them' AFTER invalid,
    ADD COLUMN IF NOT EXISTS duplicate_impressions UInt64 COMMENT 'Impressions that came again' AFTER gross_impressions,
    ADD COLUMN IF NOT EXISTS late_impressions UInt64 COMMENT 'Impressions that came late, and are no repetition' AFTER duplicate_impressions,
    ADD COLUMN IF NOT EXISTS invalid_impressions UInt64 COMMENT 'Impressions neither repeated nor late, and yet not counted' AFTER late_impressions;

ALTER TABLE breakwater.delivery_hours
    ADD COLUMN IF NOT EXISTS gross UInt64 COMMENT 'Beacons of any kind, all of them' AFTER errors,
    ADD COLUMN IF NOT EXISTS net UInt64 COMMENT 'Beacons of any kind that count' AFTER gross,
    ADD COLUMN IF NOT EXISTS late_first UInt64 COMMENT 'Late, and no repetition' AFTER late,
    ADD COLUMN IF NOT EXISTS invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted' AFTER late_first,
    ADD COLUMN IF NOT EXISTS gross_impressions UInt64 COMMENT 'Impressions, all of them' AFTER invalid,
    ADD COLUMN IF NOT EXISTS duplicate_impressions UInt64 COMMENT 'Impressions that came again' AFTER gross_impressions,
    ADD COLUMN IF NOT EXISTS late_impressions UInt64 COMMENT 'Impressions that came late, and are no repetition' AFTER duplicate_impressions,
    ADD COLUMN IF NOT EXISTS invalid_impressions UInt64 COMMENT 'Impressions neither repeated nor late, and yet not counted' AFTER late_impressions;

ALTER TABLE breakwater.delivery_days
    ADD COLUMN IF NOT EXISTS gross UInt64 COMMENT 'Beacons of any kind, all of them' AFTER errors,
    ADD COLUMN IF NOT EXISTS net UInt64 COMMENT 'Beacons of any kind that count' AFTER gross,
    ADD COLUMN IF NOT EXISTS late_first UInt64 COMMENT 'Late, and no repetition' AFTER late,
    ADD COLUMN IF NOT EXISTS invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted' AFTER late_first,
    ADD COLUMN IF NOT EXISTS gross_impressions UInt64 COMMENT 'Impressions, all of them' AFTER invalid,
    ADD COLUMN IF NOT EXISTS duplicate_impressions UInt64 COMMENT 'Impressions that came again' AFTER gross_impressions,
    ADD COLUMN IF NOT EXISTS late_impressions UInt64 COMMENT 'Impressions that came late, and are no repetition' AFTER duplicate_impressions,
    ADD COLUMN IF NOT EXISTS invalid_impressions UInt64 COMMENT 'Impressions neither repeated nor late, and yet not counted' AFTER late_impressions;

-- The context of the request beside every served ad, from the same record.
ALTER TABLE breakwater.request_ads
    ADD COLUMN IF NOT EXISTS dialect LowCardinality(String) COMMENT 'json, vast, vmap, openrtb, asset-list, v1',
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'ISO 3166-2; empty: unknown',
    ADD COLUMN IF NOT EXISTS city String COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS dma LowCardinality(String) COMMENT 'Nielsen DMA code; empty: unknown',
    ADD COLUMN IF NOT EXISTS os LowCardinality(String) COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS brand LowCardinality(String) COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS content_category LowCardinality(String) COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS content_genre LowCardinality(String) COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS content_rating LowCardinality(String) COMMENT 'Empty: unknown',
    ADD COLUMN IF NOT EXISTS experiments Map(LowCardinality(String), LowCardinality(String)) COMMENT 'Experiment -> arm, of those that ran for this viewer';

CREATE TABLE breakwater.owners
(
    organisation UUID COMMENT 'Organisation of the catalog',
    advertiser UUID COMMENT 'Advertiser that is or was its; never another\'s'
)
ENGINE = ReplacingMergeTree
ORDER BY (organisation, advertiser)
COMMENT 'Whose rows are whose: every row of delivery names its advertiser. Written by management before it reads';

CREATE OR REPLACE VIEW breakwater.campaign_minutes
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
    gross UInt64 COMMENT 'Beacons of any kind, all of them',
    net UInt64 COMMENT 'Beacons of any kind that count: gross less duplicates, late_first and invalid',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry, repeated ones too',
    late_first UInt64 COMMENT 'Late, and no repetition',
    invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    minute, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors,
    sum(d.gross) AS gross, sum(d.net) AS net, sum(d.duplicates) AS duplicates, sum(d.late) AS late, sum(d.late_first) AS late_first, sum(d.invalid) AS invalid,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_minutes AS d FINAL
GROUP BY minute, campaign, creative, advertiser, country, device_type;

CREATE OR REPLACE VIEW breakwater.campaign_hours
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
    gross UInt64 COMMENT 'Beacons of any kind, all of them',
    net UInt64 COMMENT 'Beacons of any kind that count: gross less duplicates, late_first and invalid',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry, repeated ones too',
    late_first UInt64 COMMENT 'Late, and no repetition',
    invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    hour, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors,
    sum(d.gross) AS gross, sum(d.net) AS net, sum(d.duplicates) AS duplicates, sum(d.late) AS late, sum(d.late_first) AS late_first, sum(d.invalid) AS invalid,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_hours AS d FINAL
GROUP BY hour, campaign, creative, advertiser, country, device_type;

CREATE OR REPLACE VIEW breakwater.campaign_days
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
    gross UInt64 COMMENT 'Beacons of any kind, all of them',
    net UInt64 COMMENT 'Beacons of any kind that count: gross less duplicates, late_first and invalid',
    duplicates UInt64 COMMENT 'Beacons that came again',
    late UInt64 COMMENT 'Beacons that came after their expiry, repeated ones too',
    late_first UInt64 COMMENT 'Late, and no repetition',
    invalid UInt64 COMMENT 'Neither repeated nor late, and yet not counted',
    spend_micros Int64 COMMENT 'Spend',
    viewers UInt64 COMMENT 'Different viewers of this row, about; rows may share viewers, so do not add them up'
)
AS
SELECT
    day, campaign, creative, advertiser, country, device_type,
    sum(d.impressions) AS impressions, sum(d.starts) AS starts, sum(d.first_quartiles) AS first_quartiles, sum(d.midpoints) AS midpoints, sum(d.third_quartiles) AS third_quartiles, sum(d.completes) AS completes,
    sum(d.clicks) AS clicks, sum(d.skips) AS skips, sum(d.errors) AS errors,
    sum(d.gross) AS gross, sum(d.net) AS net, sum(d.duplicates) AS duplicates, sum(d.late) AS late, sum(d.late_first) AS late_first, sum(d.invalid) AS invalid,
    sum(d.spend_micros) AS spend_micros, uniqCombined64Merge(d.viewers) AS viewers
FROM breakwater.delivery_days AS d FINAL
GROUP BY day, campaign, creative, advertiser, country, device_type;
