-- The hours that hold the given minutes of the given partitions, from the minutes of the same partitions.
-- Groups that vanished are there as zeros.
INSERT INTO breakwater.request_hours
    (source_partition, hour, country, device_type, no_fill_reason,
     requests, filled, ads, requested_seconds, filled_seconds, paid_seconds, duplicates, viewers, version)
WITH
    arrayMap(second -> toStartOfHour(toDateTime(second, 'UTC')), {minutes:Array(UInt32)}) AS starts_of_hours,
    arrayZip({partitions:Array(UInt16)}, starts_of_hours) AS slices
SELECT
    source_partition, toStartOfHour(minute) AS slice_hour, country, device_type, no_fill_reason,
    sum(s.requests), sum(s.filled), sum(s.ads), sum(s.requested_seconds), sum(s.filled_seconds), sum(s.paid_seconds), sum(s.duplicates),
    uniqCombined64MergeState(s.viewers),
    max(max(s.version)) OVER (PARTITION BY source_partition, slice_hour)
FROM breakwater.request_minutes AS s FINAL
WHERE source_partition IN {partitions:Array(UInt16)}
    AND minute >= arrayMin(starts_of_hours) AND minute < arrayMax(starts_of_hours) + INTERVAL 1 HOUR
    AND has(slices, (source_partition, toStartOfHour(minute)))
GROUP BY source_partition, slice_hour, country, device_type, no_fill_reason
SETTINGS do_not_merge_across_partitions_select_final = 1
