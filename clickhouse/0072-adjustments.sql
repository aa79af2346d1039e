-- Adjustments of the catalog, copied: what was billed and is not owed. campaign_traffic counts them beside findings by beacon.

CREATE TABLE IF NOT EXISTS breakwater.adjustments
(
    id UUID COMMENT 'As the management API shows it',
    campaign UUID COMMENT 'Campaign',
    advertiser UUID COMMENT 'Advertiser',
    at DateTime('UTC') COMMENT 'The first moment of the deliveries that it is about; reports count it there',
    until DateTime('UTC') COMMENT 'Their end',
    reason LowCardinality(String) COMMENT 'invalid_traffic, not_viewable, brand_safety, technical_fault, goodwill, other',
    impressions Int64 COMMENT 'Billed impressions that are not owed; negative: a reversal',
    amount_micros Int64 COMMENT 'Money that is not owed; negative: a reversal',
    note String COMMENT 'Empty: none',
    reverses Nullable(UUID) COMMENT 'The adjustment that it takes back',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When it was recorded'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (campaign, at, id)
TTL at + INTERVAL 1200 DAY
COMMENT 'What was billed and is not owed, recorded by the management API; read with FINAL';

CREATE OR REPLACE VIEW breakwater.campaign_traffic
(
    day Date COMMENT 'Day of receipt, UTC',
    campaign UUID COMMENT 'Campaign',
    gross_impressions UInt64 COMMENT 'All that came once and on time, invalid traffic too',
    invalid_impressions UInt64 COMMENT 'Invalid traffic, decided at receipt',
    net_impressions UInt64 COMMENT 'What is billable',
    adjusted_impressions Int64 COMMENT 'Of these, found not to be owed later: by beacon, and by adjustments that begin on this day',
    gross_clicks UInt64 COMMENT 'As of impressions',
    net_clicks UInt64 COMMENT 'As of impressions',
    gross_completes UInt64 COMMENT 'As of impressions',
    net_completes UInt64 COMMENT 'As of impressions',
    invalid_reasons Map(String, UInt64) COMMENT 'Beacons of any kind by why they are invalid traffic',
    net_micros Int64 COMMENT 'What was billed',
    adjusted_micros Int64 COMMENT 'Of this, found later not to be owed',
    payable_micros Int64 COMMENT 'What was billed less what is not owed'
)
AS
SELECT
    day, campaign, sum(t.gross_impressions) AS gross_impressions, sum(t.invalid_impressions) AS invalid_impressions,
    sum(t.net_impressions) AS net_impressions, sum(t.adjusted_impressions) AS adjusted_impressions,
    sum(t.gross_clicks) AS gross_clicks, sum(t.net_clicks) AS net_clicks,
    sum(t.gross_completes) AS gross_completes, sum(t.net_completes) AS net_completes,
    CAST(sumMap(t.invalid_reasons), 'Map(String, UInt64)') AS invalid_reasons,
    sum(t.net_micros) AS net_micros, sum(t.adjusted_micros) AS adjusted_micros,
    net_micros - adjusted_micros AS payable_micros
FROM
(
    SELECT
        toDate(b.minute) AS day, b.campaign AS campaign,
        countIf(b.event = 'impression' AND NOT b.duplicate AND NOT b.late AND (b.billable OR b.traffic != '')) AS gross_impressions,
        countIf(b.event = 'impression' AND NOT b.duplicate AND NOT b.late AND b.traffic != '') AS invalid_impressions,
        countIf(b.event = 'impression' AND b.billable) AS net_impressions,
        toInt64(countIf(b.event = 'impression' AND b.billable AND a.reason != '')) AS adjusted_impressions,
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
    GROUP BY day, campaign
    UNION ALL
    SELECT
        toDate(j.at) AS day, j.campaign AS campaign, 0, 0, 0, sum(j.impressions), 0, 0, 0, 0,
        CAST(map(), 'Map(String, UInt64)') AS invalid_reasons, toInt64(0), sum(j.amount_micros)
    FROM breakwater.adjustments AS j FINAL
    GROUP BY day, campaign
) AS t
GROUP BY day, campaign
COMMENT 'Gross, invalid, net, adjusted and payable by day and campaign';
