-- The given minutes of the given partitions, from raw. A group that is no longer in raw is written as zeros.
-- partitions, minutes (epoch seconds): parallel arrays, one pair for each slice.
INSERT INTO breakwater.delivery_minutes
    (source_partition, minute, campaign, creative, advertiser, country, device_type,
     impressions, starts, first_quartiles, midpoints, third_quartiles, completes, clicks, skips, errors, gross, net, duplicates, late, late_first, invalid,
     gross_impressions, duplicate_impressions, late_impressions, invalid_impressions, spend_micros, viewers, version)
WITH
    (SELECT max(epoch) FROM breakwater.roll_up_epochs) AS epoch,
    arrayMap(second -> toDateTime(second, 'UTC'), {minutes:Array(UInt32)}) AS starts_of_minutes,
    arrayZip({partitions:Array(UInt16)}, starts_of_minutes) AS slices
SELECT
    source_partition, minute, campaign, creative, advertiser, country, device_type,
    sum(g.impressions), sum(g.starts), sum(g.first_quartiles), sum(g.midpoints), sum(g.third_quartiles), sum(g.completes), sum(g.clicks), sum(g.skips), sum(g.errors), sum(g.gross), sum(g.net), sum(g.duplicates), sum(g.late), sum(g.late_first), sum(g.invalid),
    sum(g.gross_impressions), sum(g.duplicate_impressions), sum(g.late_impressions), sum(g.invalid_impressions), sum(g.spend_micros),
    uniqCombined64MergeState(g.viewers),
    bitShiftLeft(toUInt128(epoch), 64) + max(max(newest)) OVER (PARTITION BY source_partition, minute) + 1
FROM
(
    SELECT
        source_partition, minute, campaign, creative, advertiser, country, device_type,
        countIf(event = 'impression' AND billable) AS impressions,
        countIf(event = 'start' AND billable) AS starts,
        countIf(event = 'firstQuartile' AND billable) AS first_quartiles,
        countIf(event = 'midpoint' AND billable) AS midpoints,
        countIf(event = 'thirdQuartile' AND billable) AS third_quartiles,
        countIf(event = 'complete' AND billable) AS completes,
        countIf(event = 'click' AND billable) AS clicks,
        countIf(event = 'skip' AND billable) AS skips,
        countIf(event = 'error' AND billable) AS errors,
        count() AS gross,
        countIf(billable) AS net,
        countIf(raw.duplicate) AS duplicates,
        countIf(raw.late) AS late,
        countIf(raw.late AND NOT raw.duplicate) AS late_first,
        countIf(NOT raw.late AND NOT raw.duplicate AND NOT billable) AS invalid,
        countIf(event = 'impression') AS gross_impressions,
        countIf(event = 'impression' AND raw.duplicate) AS duplicate_impressions,
        countIf(event = 'impression' AND raw.late AND NOT raw.duplicate) AS late_impressions,
        countIf(event = 'impression' AND NOT raw.late AND NOT raw.duplicate AND NOT billable) AS invalid_impressions,
        sum(raw.spend_micros) AS spend_micros,
        uniqCombined64StateIf(viewer, event = 'impression' AND billable) AS viewers,
        max(offset) AS newest
    FROM breakwater.beacons AS raw FINAL
    WHERE source_partition IN {partitions:Array(UInt16)}
        AND minute BETWEEN arrayMin(starts_of_minutes) AND arrayMax(starts_of_minutes)
        AND has(slices, (source_partition, minute))
    GROUP BY source_partition, minute, campaign, creative, advertiser, country, device_type
    UNION ALL
    SELECT
        source_partition, minute, campaign, creative, advertiser, country, device_type,
        toUInt64(0) AS impressions, toUInt64(0) AS starts, toUInt64(0) AS first_quartiles, toUInt64(0) AS midpoints, toUInt64(0) AS third_quartiles, toUInt64(0) AS completes, toUInt64(0) AS clicks, toUInt64(0) AS skips, toUInt64(0) AS errors, toUInt64(0) AS gross, toUInt64(0) AS net, toUInt64(0) AS duplicates, toUInt64(0) AS late, toUInt64(0) AS late_first, toUInt64(0) AS invalid,
        toUInt64(0) AS gross_impressions, toUInt64(0) AS duplicate_impressions, toUInt64(0) AS late_impressions, toUInt64(0) AS invalid_impressions, toInt64(0) AS spend_micros,
        arrayReduce('uniqCombined64State', CAST([], 'Array(String)')) AS viewers,
        toUInt64(0) AS newest
    FROM breakwater.delivery_minutes
    WHERE source_partition IN {partitions:Array(UInt16)}
        AND minute BETWEEN arrayMin(starts_of_minutes) AND arrayMax(starts_of_minutes)
        AND has(slices, (source_partition, minute))
) AS g
GROUP BY source_partition, minute, campaign, creative, advertiser, country, device_type
SETTINGS do_not_merge_across_partitions_select_final = 1
