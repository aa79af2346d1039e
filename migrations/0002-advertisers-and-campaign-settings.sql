-- Who pays, in which zone, how much a day, how fast: what a campaign of phase 2 has beyond the MVP's.
-- From here on money is whole micros (BIGINT); the MVP's decimal columns are read no more.

CREATE TABLE advertisers (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

-- The MVP knew no advertisers: its campaigns, if there are any, get one.
INSERT INTO advertisers (name) SELECT 'Advertiser of the MVP' WHERE EXISTS (SELECT FROM campaigns);

ALTER TABLE campaigns
    ALTER COLUMN name TYPE TEXT,
    ADD COLUMN advertiser_id UUID REFERENCES advertisers (id),
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC',
    ADD COLUMN price_micros BIGINT CHECK (price_micros >= 0),
    ADD COLUMN total_budget_micros BIGINT CHECK (total_budget_micros >= 0),
    ADD COLUMN daily_budget_micros BIGINT CHECK (daily_budget_micros >= 0),
    ADD COLUMN goal_impressions BIGINT CHECK (goal_impressions >= 0),
    ADD COLUMN pacing_mode TEXT NOT NULL DEFAULT 'even' CHECK (pacing_mode IN ('even', 'asap', 'front_loaded')),
    ADD COLUMN tier TEXT NOT NULL DEFAULT 'standard' CHECK (tier IN ('standard', 'house'));

UPDATE campaigns SET
    advertiser_id = (SELECT id FROM advertisers),
    total_budget_micros = ROUND(budget_total * 1000000),
    -- The price of one event: a CPM of 12 is 12,000 micros an impression.
    price_micros = CASE pricing_model
        WHEN 'cpm' THEN ROUND(COALESCE(cpm_rate, 0) * 1000)
        WHEN 'cpc' THEN ROUND(COALESCE(cpc_rate, 0) * 1000000)
        WHEN 'cpv' THEN ROUND(COALESCE(cpv_rate, 0) * 1000000)
        ELSE 0
    END;

ALTER TABLE campaigns
    ALTER COLUMN advertiser_id SET NOT NULL,
    ALTER COLUMN price_micros SET NOT NULL;

COMMENT ON COLUMN campaigns.price_micros IS 'of one billable event: impression, complete or click; 0 for flat';
COMMENT ON COLUMN campaigns.version IS 'rises by one with every change of the campaign document';

CREATE INDEX idx_campaigns_advertiser ON campaigns (advertiser_id);
