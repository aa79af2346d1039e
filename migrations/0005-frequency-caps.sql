-- A row holds the caps of one scope, on a campaign or on one creative of it: billable impressions in any span of
-- 3,600 s, 24 h, 7 d and 31 d (windows are rolling).

CREATE TABLE frequency_caps (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    creative_id UUID REFERENCES creatives (id) ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,

    max_impressions_per_hour INTEGER CHECK (max_impressions_per_hour >= 0),
    max_impressions_per_day INTEGER CHECK (max_impressions_per_day >= 0),
    max_impressions_per_week INTEGER CHECK (max_impressions_per_week >= 0),
    max_impressions_per_month INTEGER CHECK (max_impressions_per_month >= 0),

    scope VARCHAR(20) NOT NULL DEFAULT 'user' CHECK (scope IN ('user', 'device', 'household', 'ip')),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    CHECK (
        num_nonnulls(
            max_impressions_per_hour, max_impressions_per_day, max_impressions_per_week, max_impressions_per_month
        ) > 0
    )
);

CREATE INDEX idx_frequency_caps_campaign ON frequency_caps (campaign_id);

-- What reports show of a viewer's windows. Deciders never read it: they ask the state store. The plan gives this table
-- two primary keys, one over a column that may be null; here `id` is the key and the three columns are unique together,
-- a campaign without a creative counting as one more value.
CREATE TABLE user_frequency_tracking (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_identifier VARCHAR(255) NOT NULL,
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    creative_id UUID REFERENCES creatives (id) ON DELETE CASCADE,

    impressions_count INTEGER NOT NULL DEFAULT 0,
    last_impression_at TIMESTAMP WITH TIME ZONE,

    hour_count INTEGER NOT NULL DEFAULT 0,
    day_count INTEGER NOT NULL DEFAULT 0,
    week_count INTEGER NOT NULL DEFAULT 0,
    month_count INTEGER NOT NULL DEFAULT 0,

    -- When the oldest impression leaves the rolling window: the count falls then, it is not set to zero.
    reset_hour_at TIMESTAMP WITH TIME ZONE,
    reset_day_at TIMESTAMP WITH TIME ZONE,
    reset_week_at TIMESTAMP WITH TIME ZONE,
    reset_month_at TIMESTAMP WITH TIME ZONE,

    UNIQUE NULLS NOT DISTINCT (user_identifier, campaign_id, creative_id)
);

CREATE INDEX idx_frequency_user ON user_frequency_tracking (user_identifier);
