-- What was found out after it was billed, and gross beside net. Nothing here changes what was billed.

CREATE TABLE IF NOT EXISTS breakwater.traffic_adjustments
(
    reservation UUID COMMENT 'The ad''s place',
    event LowCardinality(String) COMMENT 'Which of its beacons',
    reason LowCardinality(String) COMMENT 'What was found',
    found_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'The newest finding holds',
    withdrawn Bool DEFAULT false COMMENT 'It was wrong after all'
)
ENGINE = ReplacingMergeTree(found_at)
ORDER BY (reservation, event)
COMMENT 'Sophisticated invalid traffic: beacons that were billed and should not have been';

CREATE VIEW IF NOT EXISTS breakwater.campaign_traffic
(
    day Date COMMENT 'Day of receipt, UTC',
    campaign UUID COMMENT 'Campaign',
    gross_impressions UInt64 COMMENT 'All that came once and on time, invalid traffic too',
    invalid_impressions UInt64 COMMENT 'Invalid traffic, decided at receipt',
    net_impressions UInt64 COMMENT 'What is billable',
    adjusted_impressions UInt64 COMMENT 'Of these, found to be invalid later',
    gross_clicks UInt64 COMMENT 'As of impressions',
    net_clicks UInt64 COMMENT 'As of impressions',
    gross_completes UInt64 COMMENT 'As of impressions',
    net_completes UInt64 COMMENT 'As of impressions',
    invalid_reasons Map(String, UInt64) COMMENT 'Beacons of any kind by why they are invalid traffic',
    net_micros Int64 COMMENT 'What was billed',
    adjusted_micros Int64 COMMENT 'Of this, found later not to be owed'
)
AS
SELECT
    toDate(b.minute) AS day, b.campaign AS campaign,
    countIf(b.event = 'impression' AND NOT b.duplicate AND NOT b.late AND (b.billable OR b.traffic != '')) AS gross_impressions,
    countIf(b.event = 'impression' AND NOT b.duplicate AND NOT b.late AND b.traffic != '') AS invalid_impressions,
    countIf(b.event = 'impression' AND b.billable) AS net_impressions,
    countIf(b.event = 'impression' AND b.billable AND a.reason != '') AS adjusted_impressions,
    countIf(b.event = 'click' AND NOT b.duplicate AND NOT b.late) AS gross_clicks,
    countIf(b.event = 'click' AND b.billable) AS net_clicks,
    countIf(b.event = 'complete' AND NOT b.duplicate AND NOT b.late) AS gross_completes,
    countIf(b.event = 'complete' AND b.billable) AS net_completes,
    CAST(sumMap(if(b.traffic = '', map(), map(toString(b.traffic), toUInt64(1)))), 'Map(String, UInt64)') AS invalid_reasons,
    sum(b.spend_micros) AS net_micros,
    sumIf(b.spend_micros, a.reason != '') AS adjusted_micros
FROM (SELECT * FROM breakwater.beacons FINAL) AS b
LEFT JOIN
(
    SELECT reservation, event, toString(reason) AS reason FROM breakwater.traffic_adjustments FINAL WHERE NOT withdrawn
) AS a ON b.reservation = a.reservation AND b.event = a.event
GROUP BY day, campaign;

CREATE VIEW IF NOT EXISTS breakwater.suspected_traffic
(
    reservation UUID COMMENT 'The ad''s place',
    event String COMMENT 'Which of its beacons',
    campaign UUID COMMENT 'Campaign',
    viewer String COMMENT 'Pseudonym of the viewer',
    spend_micros Int64 COMMENT 'What was billed for it',
    reason String COMMENT 'complete_without_impression, impression_flood'
)
AS
SELECT reservation, toString(event) AS event, campaign, viewer, spend_micros, 'complete_without_impression' AS reason
FROM breakwater.beacons AS c FINAL
WHERE event = 'complete' AND billable
    AND reservation NOT IN (SELECT reservation FROM breakwater.beacons FINAL WHERE event = 'impression' AND billable)
UNION ALL
SELECT reservation, toString(event) AS event, campaign, viewer, spend_micros, 'impression_flood' AS reason
FROM breakwater.beacons FINAL
WHERE event = 'impression' AND billable
    AND (viewer, toStartOfHour(minute)) IN
    (
        SELECT viewer, toStartOfHour(minute) FROM breakwater.beacons FINAL WHERE event = 'impression' AND billable
        GROUP BY viewer, toStartOfHour(minute) HAVING count() > 500
    );
