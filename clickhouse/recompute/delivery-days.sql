-- The days that hold the given minutes of the given partitions, from the hours of the same partitions.
-- Groups that vanished are there as zeros.
INSERT INTO breakwater.delivery_days
    (source_partition, day, campaign, creative, advertiser, country, device_type,
     impressions, starts, first_quartiles, midpoints, third_quartiles, completes, clicks, skips, errors, gross, net, duplicates, late, late_first, invalid,
     gross_impressions, duplicate_impressions, late_impressions, invalid_impressions, spend_micros, viewers, version)
WITH
    arrayMap(second -> toDate(toDateTime(second, 'UTC')), {minutes:Array(UInt32)}) AS starts_of_days,
    arrayZip({partitions:Array(UInt16)}, starts_of_days) AS slices
SELECT
    source_partition, toDate(hour) AS slice_day, campaign, creative, advertiser, country, device_type,
    sum(s.impressions), sum(s.starts), sum(s.first_quartiles), sum(s.midpoints), sum(s.third_quartiles), sum(s.completes), sum(s.clicks), sum(s.skips), sum(s.errors), sum(s.gross), sum(s.net), sum(s.duplicates), sum(s.late), sum(s.late_first), sum(s.invalid),
    sum(s.gross_impressions), sum(s.duplicate_impressions), sum(s.late_impressions), sum(s.invalid_impressions), sum(s.spend_micros),
    uniqCombined64MergeState(s.viewers),
    max(max(s.version)) OVER (PARTITION BY source_partition, slice_day)
FROM breakwater.delivery_hours AS s FINAL
WHERE source_partition IN {partitions:Array(UInt16)}
    AND hour >= arrayMin(starts_of_days) AND hour < arrayMax(starts_of_days) + INTERVAL 1 DAY
    AND has(slices, (source_partition, toDate(hour)))
GROUP BY source_partition, slice_day, campaign, creative, advertiser, country, device_type
SETTINGS do_not_merge_across_partitions_select_final = 1
