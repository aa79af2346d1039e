-- What the MVP had counted, brought from the catalog by `breakwater migrate`. Nothing adds to it; reports of the stream begin after it.

CREATE TABLE breakwater.carried_over_days
(
    day Date COMMENT 'Day, UTC',
    campaign UUID COMMENT 'Campaign',
    advertiser UUID COMMENT 'Its advertiser when it was brought here',
    impressions UInt64 COMMENT 'As the MVP counted them',
    clicks UInt64 COMMENT 'As the MVP counted them',
    completes UInt64 COMMENT 'As the MVP counted them',
    spend_micros Int64 COMMENT 'As the MVP counted it',
    source LowCardinality(String) COMMENT 'daily_stats, or impressions for days that it had not summed up'
)
ENGINE = ReplacingMergeTree
ORDER BY (campaign, day)
COMMENT 'Delivery before the stream counted, by day. Read with FINAL';

CREATE VIEW breakwater.campaign_lifetime
(
    campaign UUID COMMENT 'Campaign',
    impressions UInt64 COMMENT 'Carried over and since',
    clicks UInt64 COMMENT 'Carried over and since',
    completes UInt64 COMMENT 'Carried over and since',
    spend_micros Int64 COMMENT 'Carried over and since',
    carried_over_impressions UInt64 COMMENT 'Of these, the MVP''s',
    carried_over_clicks UInt64 COMMENT 'Of these, the MVP''s',
    carried_over_completes UInt64 COMMENT 'Of these, the MVP''s',
    carried_over_spend_micros Int64 COMMENT 'Of these, the MVP''s'
)
AS
SELECT
    campaign,
    sum(each.impressions) AS impressions, sum(each.clicks) AS clicks, sum(each.completes) AS completes,
    sum(each.spend_micros) AS spend_micros,
    sumIf(each.impressions, each.old) AS carried_over_impressions, sumIf(each.clicks, each.old) AS carried_over_clicks,
    sumIf(each.completes, each.old) AS carried_over_completes, sumIf(each.spend_micros, each.old) AS carried_over_spend_micros
FROM
(
    SELECT campaign, c.impressions AS impressions, c.clicks AS clicks, c.completes AS completes, c.spend_micros AS spend_micros, 1 AS old
    FROM breakwater.carried_over_days AS c FINAL
    UNION ALL
    SELECT campaign, d.impressions, d.clicks, d.completes, d.spend_micros, 0
    FROM breakwater.delivery_days AS d FINAL
) AS each
GROUP BY campaign
COMMENT 'All that a campaign ever delivered: carried over from the MVP, and since';;
