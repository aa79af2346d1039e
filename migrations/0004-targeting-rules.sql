-- One row per rule; a campaign matches when any of its rules does. `conditions` is the rule, whole and in order:
-- [{"dimension": "geo_countries", "mode": "include" | "exclude", "values": [...]}]. A new dimension needs no new column.
-- The plan's sixteen columns hold what a rule includes, `exclude` the conditions that exclude: derived, for SQL.

CREATE FUNCTION targeting_values(conditions JSONB, dimension TEXT, mode TEXT) RETURNS JSONB
LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN NULLIF(
    jsonb_path_query_array(
        conditions,
        '$[*] ? (@.dimension == $dimension && @.mode == $mode).values[*]',
        jsonb_build_object('dimension', dimension, 'mode', mode)
    ),
    '[]'::jsonb
);

CREATE TABLE targeting_rules (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    conditions JSONB NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(conditions) = 'array'),

    geo_countries JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'geo_countries', 'include')) STORED,
    geo_regions JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'geo_regions', 'include')) STORED,
    geo_cities JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'geo_cities', 'include')) STORED,
    geo_dma_codes JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'geo_dma_codes', 'include')) STORED,
    device_types JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'device_types', 'include')) STORED,
    os_types JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'os_types', 'include')) STORED,
    device_brands JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'device_brands', 'include')) STORED,
    content_categories JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'content_categories', 'include')) STORED,
    content_genres JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'content_genres', 'include')) STORED,
    content_ratings JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'content_ratings', 'include')) STORED,
    age_ranges JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'age_ranges', 'include')) STORED,
    gender JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'gender', 'include')) STORED,
    household_income JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'household_income', 'include')) STORED,
    time_zones JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'time_zones', 'include')) STORED,
    day_parts JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'day_parts', 'include')) STORED,
    days_of_week JSONB GENERATED ALWAYS AS (targeting_values(conditions, 'days_of_week', 'include')) STORED,
    exclude JSONB GENERATED ALWAYS AS (
        NULLIF(jsonb_path_query_array(conditions, '$[*] ? (@.mode == "exclude")'), '[]'::jsonb)
    ) STORED,

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_targeting_campaign ON targeting_rules (campaign_id);
CREATE INDEX idx_targeting_geo ON targeting_rules USING GIN (geo_countries, geo_regions);
CREATE INDEX idx_targeting_device ON targeting_rules USING GIN (device_types);
