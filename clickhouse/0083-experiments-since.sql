-- Requests that were invalid traffic at receipt are left out, as their beacons, which are never billable, always were: a device under
-- test was all denominator. What our own decision made of a request (`invalid`: a pod that is too long) belongs to its arm and stays.
--
-- Arms that were changed are other arms: a read-out takes only requests from then on. Views with a moment for parameter, in epoch ms; those
-- without one are about all that was ever recorded under the names of the experiment and its arms.
--
-- Two viewers whose requests have one id in one minute are two: each arm gets what its own viewer saw.
--
-- A request that was erased is nobody's, while beacons that came later, or name fewer of its identities, keep their viewer: it takes the
-- beacons of its id whose viewer has no request with that id. A beacon becomes nobody's only along with its request; where an erasure stopped
-- between the two, the request is without what came of it until the erasure is repeated. Of two erased requests with one id each gets both's.

CREATE OR REPLACE VIEW breakwater.experiment_requests_since AS
SELECT
    asked.experiment AS experiment, asked.arm AS arm, asked.viewer AS viewer, asked.ads AS ads,
    asked.paid_seconds AS paid_seconds, asked.requested_seconds AS requested_seconds,
    seen.impressions AS impressions, seen.completes AS completes, seen.clicks AS clicks, seen.errors AS errors, seen.spend_micros AS spend_micros
FROM
(
    SELECT source_partition, minute, request_id, viewer, ads, paid_seconds, requested_seconds, stands.1 AS experiment, stands.2 AS arm
    FROM breakwater.requests FINAL
    ARRAY JOIN CAST(experiments, 'Array(Tuple(String, String))') AS stands
    WHERE NOT duplicate AND traffic = '' AND received_at >= fromUnixTimestamp64Milli({since:Int64})
) AS asked
LEFT JOIN
(
    WITH erased AS (SELECT source_partition, minute, request_id FROM breakwater.requests WHERE viewer = '')
    SELECT
        source_partition, decision_minute, request_id,
        if((source_partition, decision_minute, request_id) IN erased
            AND (source_partition, decision_minute, request_id, viewer) NOT IN
                (SELECT source_partition, minute, request_id, viewer FROM breakwater.requests WHERE (source_partition, minute, request_id) IN erased),
            '', viewer) AS whose,
        countIf(event = 'impression') AS impressions, countIf(event = 'complete') AS completes, countIf(event = 'click') AS clicks,
        countIf(event = 'error') AS errors, sum(b.spend_micros) AS spend_micros
    FROM breakwater.beacons AS b FINAL
    WHERE billable AND event IN ('impression', 'complete', 'click', 'error')
    GROUP BY source_partition, decision_minute, request_id, whose
) AS seen
    ON asked.source_partition = seen.source_partition AND asked.minute = seen.decision_minute AND asked.request_id = seen.request_id
    AND asked.viewer = seen.whose
COMMENT 'Requests since a moment in epoch ms, once for each arm that they stand in, with what came of them: FROM experiment_requests_since(since = 1767225600000)';

CREATE OR REPLACE VIEW breakwater.experiment_results_since AS
SELECT
    experiment,
    arm,
    count() AS requests,
    uniqExact(viewer) AS viewers,
    sum(r.ads) AS ads,
    sum(paid_seconds) / greatest(sum(requested_seconds), 1) AS paid_fill_rate,
    sum(r.impressions) AS impressions,
    sum(r.completes) AS completes,
    sum(r.clicks) AS clicks,
    sum(r.spend_micros) AS spend_micros
FROM breakwater.experiment_requests_since(since = {since:Int64}) AS r
GROUP BY experiment, arm
COMMENT 'As experiment_results, of requests since a moment in epoch ms: FROM experiment_results_since(since = 1767225600000)';

CREATE OR REPLACE VIEW breakwater.experiment_results
(
    experiment String COMMENT 'Name of the experiment; flag: and a feature for a flag with a percentage',
    arm String COMMENT 'Name of the arm',
    requests UInt64 COMMENT 'Requests of viewers in this arm, without invalid traffic',
    viewers UInt64 COMMENT 'Different viewers',
    ads UInt64 COMMENT 'Ads served',
    paid_fill_rate Float64 COMMENT 'Paid seconds per requested second',
    impressions UInt64 COMMENT 'Billable impressions',
    completes UInt64 COMMENT 'Completes, once and on time',
    clicks UInt64 COMMENT 'Clicks, once and on time',
    spend_micros Int64 COMMENT 'What they cost'
)
AS
SELECT * FROM breakwater.experiment_results_since(since = 0);

CREATE OR REPLACE VIEW breakwater.experiment_moments_since AS
SELECT
    experiment, arm, pair.1 AS measure, countIf(pair.3 > 0) AS viewers,
    sum(pair.2) AS numerator, sum(pair.3) AS denominator,
    sum(pair.2 * pair.2) AS numerator_squares, sum(pair.3 * pair.3) AS denominator_squares, sum(pair.2 * pair.3) AS products
FROM
(
    SELECT
        experiment, arm, viewer,
        toFloat64(count()) AS requests, toFloat64(sum(paid_seconds)) AS paid, toFloat64(sum(requested_seconds)) AS wanted,
        toFloat64(sum(r.impressions)) AS impressions, toFloat64(sum(r.completes)) AS completes,
        toFloat64(sum(r.clicks)) AS clicks, toFloat64(sum(r.errors)) AS errors, toFloat64(sum(r.spend_micros)) AS spent
    FROM breakwater.experiment_requests_since(since = {since:Int64}) AS r
    GROUP BY experiment, arm, viewer
)
ARRAY JOIN
    [
        ('fill', paid, wanted), ('spend_per_request', spent, requests), ('impressions_per_request', impressions, requests),
        ('completion_rate', completes, impressions), ('ctr', clicks, impressions), ('error_rate', errors, impressions + errors)
    ] AS pair
GROUP BY experiment, arm, measure
COMMENT 'As experiment_moments, of requests since a moment in epoch ms: FROM experiment_moments_since(since = 1767225600000)';

CREATE OR REPLACE VIEW breakwater.experiment_moments
(
    experiment String COMMENT 'Name of the experiment; flag: and a feature for a flag with a percentage',
    arm String COMMENT 'Name of the arm',
    measure String COMMENT 'fill, spend_per_request, impressions_per_request, completion_rate, ctr, error_rate: a ratio of two sums over a viewer',
    viewers UInt64 COMMENT 'Viewers with a denominator above 0',
    numerator Float64 COMMENT 'Sum over viewers',
    denominator Float64 COMMENT 'Sum over viewers',
    numerator_squares Float64 COMMENT 'Sum of squares over viewers',
    denominator_squares Float64 COMMENT 'Sum of squares over viewers',
    products Float64 COMMENT 'Sum of numerator times denominator over viewers'
)
AS
SELECT * FROM breakwater.experiment_moments_since(since = 0)
COMMENT 'Sums and squares over viewers, by experiment, arm and measure; what a read-out is computed from';
