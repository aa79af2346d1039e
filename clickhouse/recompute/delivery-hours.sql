-- The hours that hold the given minutes of the given partitions, from the minutes of the same partitions.
-- Groups that vanished are there as zeros.
INSERT INTO breakwater.delivery_hours
    (source_partition, hour, campaign, creative, advertiser, country, device_type,
     impressions, starts, first_quartiles, midpoints, third_quartiles, completes, clicks, skips, errors, gross, net, duplicates, late, late_first, invalid,
     gross_impressions, duplicate_impressions, late_impressions, invalid_impressions, spend_micros, viewers, version)
WITH
    arrayMap(second -> toStartOfHour(toDateTime(second, 'UTC')), {minutes:Array(UInt32)}) AS starts_of_hours,
    arrayZip({partitions:Array(UInt16)}, starts_of_hours) AS slices
SELECT
    source_partition, toStartOfHour(minute) AS slice_hour, campaign, creative, advertiser, country, device_type,
    sum(s.impressions), sum(s.starts), sum(s.first_quartiles), sum(s.midpoints), sum(s.third_quartiles), sum(s.completes), sum(s.clicks), sum(s.skips), sum(s.errors), sum(s.gross), sum(s.net), sum(s.duplicates), sum(s.late), sum(s.late_first), sum(s.invalid),
    sum(s.gross_impressions), sum(s.duplicate_impressions), sum(s.late_impressions), sum(s.invalid_impressions), sum(s.spend_micros),
    uniqCombined64MergeState(s.viewers),
    max(max(s.version)) OVER (PARTITION BY source_partition, slice_hour)
FROM breakwater.delivery_minutes AS s FINAL
WHERE source_partition IN {partitions:Array(UInt16)}
    AND minute >= arrayMin(starts_of_hours) AND minute < arrayMax(starts_of_hours) + INTERVAL 1 HOUR
    AND has(slices, (source_partition, toStartOfHour(minute)))
GROUP BY source_partition, slice_hour, campaign, creative, advertiser, country, device_type
SETTINGS do_not_merge_across_partitions_select_final = 1
