-- In which arm of which experiment a viewer stood, and what came of it.

ALTER TABLE breakwater.requests ADD COLUMN IF NOT EXISTS experiments Map(LowCardinality(String), LowCardinality(String)) COMMENT 'Experiment -> arm, of those that ran for this viewer';

CREATE VIEW breakwater.experiment_results
(
    experiment String COMMENT 'Name of the experiment; flag: and a feature for a flag with a percentage',
    arm String COMMENT 'Name of the arm',
    requests UInt64 COMMENT 'Requests of viewers in this arm',
    viewers UInt64 COMMENT 'Different viewers',
    ads UInt64 COMMENT 'Ads served',
    paid_fill_rate Float64 COMMENT 'Paid seconds per requested second',
    impressions UInt64 COMMENT 'Billable impressions',
    completes UInt64 COMMENT 'Completes, once and on time',
    clicks UInt64 COMMENT 'Clicks, once and on time',
    spend_micros Int64 COMMENT 'What they cost'
)
AS
SELECT
    asked.experiment AS experiment,
    asked.arm AS arm,
    count() AS requests,
    uniqExact(viewer) AS viewers,
    sum(asked.ads) AS ads,
    sum(paid_seconds) / greatest(sum(requested_seconds), 1) AS paid_fill_rate,
    sum(seen.impressions) AS impressions,
    sum(seen.completes) AS completes,
    sum(seen.clicks) AS clicks,
    sum(seen.spend_micros) AS spend_micros
FROM
(
    SELECT request_id, viewer, ads, paid_seconds, requested_seconds, stands.1 AS experiment, stands.2 AS arm
    FROM breakwater.requests FINAL
    ARRAY JOIN CAST(experiments, 'Array(Tuple(String, String))') AS stands
    WHERE NOT duplicate
) AS asked
LEFT JOIN
(
    SELECT
        request_id,
        countIf(event = 'impression') AS impressions,
        countIf(event = 'complete') AS completes,
        countIf(event = 'click') AS clicks,
        sum(b.spend_micros) AS spend_micros
    FROM breakwater.beacons AS b FINAL
    WHERE billable
    GROUP BY request_id
) AS seen ON asked.request_id = seen.request_id
GROUP BY experiment, arm;
