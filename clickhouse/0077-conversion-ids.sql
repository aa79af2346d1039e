-- A conversion is looked up by its id in all partitions: once some were added, a repetition is not where the first one is.

ALTER TABLE breakwater.conversions ADD INDEX IF NOT EXISTS conversion_ids conversion_id TYPE bloom_filter GRANULARITY 1;
ALTER TABLE breakwater.conversions MATERIALIZE INDEX conversion_ids;
