-- Caps of a minute and without a window (a lifetime of the viewer, or a whole stream or pod); what a cap counts from is its
-- row's created_at. Competitors may be kept out of a whole stream. Who asked to be forgotten, so that no rebuild remembers.

ALTER TABLE frequency_caps
    ADD COLUMN max_impressions_per_minute INTEGER CHECK (max_impressions_per_minute >= 0),
    ADD COLUMN max_impressions_lifetime INTEGER CHECK (max_impressions_lifetime >= 0),
    DROP CONSTRAINT frequency_caps_check,
    DROP CONSTRAINT frequency_caps_scope_check,
    ADD CONSTRAINT frequency_caps_scope_check
        CHECK (scope IN ('user', 'device', 'household', 'ip', 'stream', 'pod')),
    ADD CONSTRAINT frequency_caps_say_something CHECK (
        num_nonnulls(
            max_impressions_per_minute, max_impressions_per_hour, max_impressions_per_day, max_impressions_per_week,
            max_impressions_per_month, max_impressions_lifetime
        ) > 0
    );

COMMENT ON COLUMN frequency_caps.max_impressions_lifetime IS
    'Without a window: in the viewer''s lifetime; with the scope stream or pod, in the whole of it.';
COMMENT ON COLUMN frequency_caps.created_at IS 'The cap counts from here.';

ALTER TABLE ad_pods
    ADD COLUMN separation_scope VARCHAR(10) NOT NULL DEFAULT 'pod' CHECK (separation_scope IN ('pod', 'stream'));

COMMENT ON COLUMN ad_pods.separation_scope IS
    'stream: where min_separation_seconds is NULL, competitors never in one stream; pod: never in one pod.';

-- `hash` is the pseudonym that records and log carry; the identifier itself is nowhere.
CREATE TABLE viewer_suppressions (
    scope VARCHAR(20) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    erased_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (scope, hash)
);
