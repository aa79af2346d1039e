-- Who called and what of it is invalid traffic: decided at receipt, so it stands in the record and every reader agrees.

ALTER TABLE breakwater.beacons ADD COLUMN IF NOT EXISTS offset_seconds Nullable(Int32) COMMENT 'Progress: which of its offsets; each is an event of its own' AFTER error_code;
ALTER TABLE breakwater.beacons ADD COLUMN IF NOT EXISTS caller LowCardinality(String) DEFAULT 'anonymous' COMMENT 'anonymous, key, network: who called' AFTER offset_seconds;
ALTER TABLE breakwater.beacons ADD COLUMN IF NOT EXISTS traffic LowCardinality(String) COMMENT 'Why it is invalid traffic, and so never billable; empty: it is not' AFTER caller;

ALTER TABLE breakwater.requests ADD COLUMN IF NOT EXISTS caller LowCardinality(String) DEFAULT 'anonymous' COMMENT 'anonymous, key, network: who called';
ALTER TABLE breakwater.requests ADD COLUMN IF NOT EXISTS traffic LowCardinality(String) COMMENT 'Why it is invalid traffic; empty: it is not';
ALTER TABLE breakwater.requests ADD COLUMN IF NOT EXISTS consent LowCardinality(String) DEFAULT 'unstated' COMMENT 'unstated, given, refused, child: on what ground ids were kept or not';

ALTER TABLE breakwater.conversions ADD COLUMN IF NOT EXISTS source LowCardinality(String) DEFAULT 'server' COMMENT 'server, pixel';
ALTER TABLE breakwater.conversions ADD COLUMN IF NOT EXISTS identities Map(LowCardinality(String), String) COMMENT 'Scope -> pseudonym';
ALTER TABLE breakwater.conversions ADD COLUMN IF NOT EXISTS reservation Nullable(UUID) COMMENT 'The ad that its sender names';
ALTER TABLE breakwater.conversions ADD COLUMN IF NOT EXISTS traffic LowCardinality(String) COMMENT 'Why it is invalid traffic; empty: it is not';
