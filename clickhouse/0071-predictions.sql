-- What was expected of each ad when it was decided, and what came of it: whether predictions can be believed.

ALTER TABLE breakwater.request_ads
    ADD COLUMN IF NOT EXISTS predicted_ctr_ppm Nullable(Int32) COMMENT 'Clicks per million impressions expected of it there; null: nothing was said',
    ADD COLUMN IF NOT EXISTS predicted_completion_ppm Nullable(Int32) COMMENT 'Completes per million starts, likewise';

CREATE VIEW IF NOT EXISTS breakwater.predictions
(
    minute DateTime('UTC') COMMENT 'Minute of the request',
    reservation UUID COMMENT 'The ad''s place',
    campaign UUID COMMENT 'Campaign',
    creative UUID COMMENT 'Creative',
    advertiser UUID COMMENT 'Advertiser',
    device_type LowCardinality(String) COMMENT 'Empty: unknown',
    content_category LowCardinality(String) COMMENT 'Empty: unknown',
    position UInt16 COMMENT 'Place in the pod, from 1',
    predicted_ctr_ppm Int32 COMMENT 'Clicks per million impressions that were expected',
    predicted_completion_ppm Int32 COMMENT 'Completes per million starts that were expected',
    started Bool COMMENT 'A start that counts',
    completed Bool COMMENT 'A complete that counts, after a start',
    clicked Bool COMMENT 'A click that counts'
)
AS
SELECT
    a.minute AS minute, a.reservation AS reservation, a.campaign AS campaign, a.creative AS creative, a.advertiser AS advertiser,
    a.device_type AS device_type, a.content_category AS content_category, a.position AS position,
    assumeNotNull(a.predicted_ctr_ppm) AS predicted_ctr_ppm, assumeNotNull(a.predicted_completion_ppm) AS predicted_completion_ppm,
    CAST(b.started, 'Bool') AS started, CAST(b.started AND b.completed, 'Bool') AS completed, CAST(b.clicked, 'Bool') AS clicked
FROM
(
    SELECT * FROM breakwater.request_ads FINAL
    WHERE NOT duplicate AND predicted_ctr_ppm IS NOT NULL AND predicted_completion_ppm IS NOT NULL
) AS a
INNER JOIN
(
    SELECT reservation, max(event = 'start') AS started, max(event = 'complete') AS completed, max(event = 'click') AS clicked
    FROM breakwater.beacons FINAL
    WHERE billable AND event IN ('impression', 'start', 'complete', 'click')
    GROUP BY reservation
    HAVING max(event = 'impression') > 0
) AS b ON a.reservation = b.reservation
COMMENT 'One row per shown ad of which something was predicted: what, and what came';

CREATE VIEW IF NOT EXISTS breakwater.calibration
(
    day Date COMMENT 'Day of the request, UTC',
    campaign UUID COMMENT 'Campaign',
    rate LowCardinality(String) COMMENT 'completion: completes per start; click: clicks per impression',
    bucket_from_ppm UInt32 COMMENT 'Predictions from here: completion by twentieths, click by 500, 1000, 2000, 5000, 10000, 20000, 50000 ppm',
    ads UInt64 COMMENT 'Started ads for completion, shown ads for click',
    predicted_ppm Float64 COMMENT 'Mean of their predictions',
    observed_ppm Float64 COMMENT 'What came of them'
)
AS
SELECT day, campaign, rate, bucket_from_ppm, count() AS ads, avg(predicted) AS predicted_ppm, 1000000 * avg(came) AS observed_ppm
FROM
(
    SELECT toDate(minute) AS day, campaign, 'completion' AS rate,
        toUInt32(least(950000, intDiv(predicted_completion_ppm, 50000) * 50000)) AS bucket_from_ppm,
        predicted_completion_ppm AS predicted, completed AS came
    FROM breakwater.predictions WHERE started
    UNION ALL
    SELECT toDate(minute) AS day, campaign, 'click' AS rate,
        toUInt32(roundDown(predicted_ctr_ppm, [0, 500, 1000, 2000, 5000, 10000, 20000, 50000])) AS bucket_from_ppm,
        predicted_ctr_ppm AS predicted, clicked AS came
    FROM breakwater.predictions
)
GROUP BY day, campaign, rate, bucket_from_ppm
COMMENT 'Predicted against observed rates by bucket; sum over days and campaigns weighted by ads';
