-- The given minutes of the given partitions, from raw. A group that is no longer in raw is written as zeros.
-- partitions, minutes (epoch seconds): parallel arrays, one pair for each slice.
INSERT INTO breakwater.request_minutes
    (source_partition, minute, country, device_type, no_fill_reason,
     requests, filled, ads, requested_seconds, filled_seconds, paid_seconds, duplicates, viewers, version)
WITH
    (SELECT max(epoch) FROM breakwater.roll_up_epochs) AS epoch,
    arrayMap(second -> toDateTime(second, 'UTC'), {minutes:Array(UInt32)}) AS starts_of_minutes,
    arrayZip({partitions:Array(UInt16)}, starts_of_minutes) AS slices
SELECT
    source_partition, minute, country, device_type, no_fill_reason,
    sum(g.requests), sum(g.filled), sum(g.ads), sum(g.requested_seconds), sum(g.filled_seconds), sum(g.paid_seconds), sum(g.duplicates),
    uniqCombined64MergeState(g.viewers),
    bitShiftLeft(toUInt128(epoch), 64) + max(max(newest)) OVER (PARTITION BY source_partition, minute) + 1
FROM
(
    SELECT
        source_partition, minute, country, device_type, no_fill_reason,
        countIf(NOT duplicate) AS requests,
        countIf(NOT duplicate AND raw.ads > 0) AS filled,
        sumIf(raw.ads, NOT duplicate) AS ads,
        sumIf(raw.requested_seconds, NOT duplicate) AS requested_seconds,
        sumIf(raw.filled_seconds, NOT duplicate) AS filled_seconds,
        sumIf(raw.paid_seconds, NOT duplicate) AS paid_seconds,
        countIf(duplicate) AS duplicates,
        uniqCombined64StateIf(viewer, NOT duplicate) AS viewers,
        max(offset) AS newest
    FROM breakwater.requests AS raw FINAL
    WHERE source_partition IN {partitions:Array(UInt16)}
        AND minute BETWEEN arrayMin(starts_of_minutes) AND arrayMax(starts_of_minutes)
        AND has(slices, (source_partition, minute))
    GROUP BY source_partition, minute, country, device_type, no_fill_reason
    UNION ALL
    SELECT
        source_partition, minute, country, device_type, no_fill_reason,
        toUInt64(0) AS requests, toUInt64(0) AS filled, toUInt64(0) AS ads, toUInt64(0) AS requested_seconds, toUInt64(0) AS filled_seconds, toUInt64(0) AS paid_seconds, toUInt64(0) AS duplicates,
        arrayReduce('uniqCombined64State', CAST([], 'Array(String)')) AS viewers,
        toUInt64(0) AS newest
    FROM breakwater.request_minutes
    WHERE source_partition IN {partitions:Array(UInt16)}
        AND minute BETWEEN arrayMin(starts_of_minutes) AND arrayMax(starts_of_minutes)
        AND has(slices, (source_partition, minute))
) AS g
GROUP BY source_partition, minute, country, device_type, no_fill_reason
SETTINGS do_not_merge_across_partitions_select_final = 1
