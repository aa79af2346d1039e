-- The days that hold the given minutes of the given partitions, from the hours of the same partitions.
-- Groups that vanished are there as zeros.
INSERT INTO breakwater.request_days
    (source_partition, day, country, device_type, no_fill_reason,
     requests, filled, ads, requested_seconds, filled_seconds, paid_seconds, duplicates, viewers, version)
WITH
    arrayMap(second -> toDate(toDateTime(second, 'UTC')), {minutes:Array(UInt32)}) AS starts_of_days,
    arrayZip({partitions:Array(UInt16)}, starts_of_days) AS slices
SELECT
    source_partition, toDate(hour) AS slice_day, country, device_type, no_fill_reason,
    sum(s.requests), sum(s.filled), sum(s.ads), sum(s.requested_seconds), sum(s.filled_seconds), sum(s.paid_seconds), sum(s.duplicates),
    uniqCombined64MergeState(s.viewers),
    max(max(s.version)) OVER (PARTITION BY source_partition, slice_day)
FROM breakwater.request_hours AS s FINAL
WHERE source_partition IN {partitions:Array(UInt16)}
    AND hour >= arrayMin(starts_of_days) AND hour < arrayMax(starts_of_days) + INTERVAL 1 DAY
    AND has(slices, (source_partition, toDate(hour)))
GROUP BY source_partition, slice_day, country, device_type, no_fill_reason
SETTINGS do_not_merge_across_partitions_select_final = 1
