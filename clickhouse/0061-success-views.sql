-- What the plan measures its success by: fill, use of budgets, viewers' experience, advertisers who stay.

CREATE VIEW breakwater.fill_days
(
    day Date COMMENT 'Day of receipt, UTC',
    requests UInt64 COMMENT 'Requests, repeated ones once',
    filled UInt64 COMMENT 'Requests that got at least one ad',
    request_fill_rate Nullable(Float64) COMMENT 'Requests with an ad per request; null without requests',
    paid_fill_rate Nullable(Float64) COMMENT 'Paid seconds per requested second; null where none were asked for',
    fill_rate Nullable(Float64) COMMENT 'Filled seconds, house ads too, per requested second'
)
AS
SELECT
    day, sum(r.requests) AS requests, sum(r.filled) AS filled,
    if(requests = 0, NULL, filled / requests) AS request_fill_rate,
    if(sum(r.requested_seconds) = 0, NULL, sum(r.paid_seconds) / sum(r.requested_seconds)) AS paid_fill_rate,
    if(sum(r.requested_seconds) = 0, NULL, sum(r.filled_seconds) / sum(r.requested_seconds)) AS fill_rate
FROM breakwater.request_days AS r FINAL
GROUP BY day
HAVING sum(r.requests) + sum(r.duplicates) > 0;

CREATE VIEW breakwater.budget_use
(
    campaign UUID COMMENT 'Campaign',
    spent_micros Int64 COMMENT 'What its newest pacing signal counts as spent',
    target_micros Int64 COMMENT 'What its curve wanted spent by then; 0: it has no budget to follow',
    use_of_target Nullable(Float64) COMMENT 'Spent over target; 1 is on the curve; null without a target',
    impressions Int64 COMMENT 'Billable impressions by then',
    pacing_status LowCardinality(String) COMMENT 'under, on_track, over',
    as_of DateTime64(3, 'UTC') COMMENT 'When the signal was computed'
)
AS
SELECT
    campaign,
    argMax(s.spent_micros, s.version) AS spent_micros,
    argMax(s.target_micros, s.version) AS target_micros,
    if(target_micros = 0, NULL, spent_micros / target_micros) AS use_of_target,
    argMax(s.impressions, s.version) AS impressions,
    argMax(s.pacing_status, s.version) AS pacing_status,
    max(s.computed_at) AS as_of
FROM breakwater.signals AS s FINAL
WHERE kind = 'PACING'
GROUP BY campaign;

CREATE VIEW breakwater.viewer_experience_days
(
    day Date COMMENT 'Day of the decision, UTC',
    viewers UInt64 COMMENT 'Different viewers who asked, exact',
    requests UInt64 COMMENT 'Requests, repeated ones once',
    ads UInt64 COMMENT 'Ads served',
    ad_load_seconds Nullable(Float64) COMMENT 'Seconds of ads for each request',
    repeats UInt64 COMMENT 'Ads whose creative the same viewer was served before on that day',
    repeat_rate Nullable(Float64) COMMENT 'Repeats per ad; null without ads',
    impressions UInt64 COMMENT 'Of those ads, with a billable impression',
    failed UInt64 COMMENT 'Of those ads, that failed before any impression',
    error_rate Nullable(Float64) COMMENT 'Failed over failed and seen; null where there was neither',
    abandoned UInt64 COMMENT 'Of the seen, without a complete: left, skipped or lost on the way',
    abandonment_rate Nullable(Float64) COMMENT 'Abandoned over seen; null where none was seen'
)
AS
SELECT
    asked.day AS day, asked.viewers AS viewers, asked.requests AS requests, asked.ads AS ads,
    if(asked.requests = 0, NULL, asked.seconds / asked.requests) AS ad_load_seconds,
    served.repeats AS repeats, if(asked.ads = 0, NULL, served.repeats / asked.ads) AS repeat_rate,
    served.impressions AS impressions, served.failed AS failed,
    if(served.impressions + served.failed = 0, NULL, served.failed / (served.impressions + served.failed)) AS error_rate,
    served.impressions - served.completed AS abandoned,
    if(served.impressions = 0, NULL, (served.impressions - served.completed) / served.impressions) AS abandonment_rate
FROM
(
    SELECT toDate(minute) AS day, uniqExact(viewer) AS viewers, count() AS requests, sum(r.ads) AS ads, sum(r.filled_seconds) AS seconds
    FROM breakwater.requests AS r FINAL
    WHERE NOT duplicate
    GROUP BY day
) AS asked
LEFT JOIN
(
    SELECT
        day, sum(greatest(n, 1) - 1) AS repeats, sum(seen) AS impressions, sum(done) AS completed, sum(broken) AS failed
    FROM
    (
        SELECT toDate(a.minute) AS day, a.viewer AS viewer, a.creative AS creative, count() AS n,
            countIf(b.seen) AS seen, countIf(b.seen AND b.done) AS done, countIf(b.broken) AS broken
        FROM (SELECT minute, viewer, creative, reservation FROM breakwater.request_ads FINAL WHERE NOT duplicate) AS a
        LEFT JOIN
        (
            SELECT reservation, countIf(event = 'impression' AND billable) > 0 AS seen,
                countIf(event = 'complete' AND billable) > 0 AS done, countIf(event = 'error' AND decisive) > 0 AS broken
            FROM breakwater.beacons FINAL
            GROUP BY reservation
        ) AS b ON a.reservation = b.reservation
        GROUP BY day, viewer, creative
    )
    GROUP BY day
) AS served ON asked.day = served.day;

CREATE VIEW breakwater.advertiser_retention
(
    month Date COMMENT 'First day of a month, UTC',
    advertisers UInt64 COMMENT 'Advertisers with billable impressions in it',
    returned UInt64 COMMENT 'Of those of the month before, how many had some again',
    before UInt64 COMMENT 'Advertisers of the month before',
    retention Nullable(Float64) COMMENT 'Returned over before; null in the first month'
)
AS
WITH active AS
(
    SELECT DISTINCT toStartOfMonth(day) AS month, advertiser
    FROM breakwater.delivery_days FINAL
    WHERE impressions > 0
)
SELECT
    month, sum(here) AS advertisers, countIf(here = 1 AND was = 1) AS returned, sum(was) AS before,
    if(before = 0, NULL, returned / before) AS retention
FROM
(
    SELECT month, advertiser, max(h) AS here, max(w) AS was
    FROM
    (
        SELECT month, advertiser, 1 AS h, 0 AS w FROM active
        UNION ALL
        SELECT addMonths(month, 1) AS month, advertiser, 0 AS h, 1 AS w FROM active
    )
    GROUP BY month, advertiser
)
GROUP BY month
HAVING advertisers > 0;
