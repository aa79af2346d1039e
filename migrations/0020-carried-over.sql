-- What the MVP had counted and spent, in whole micros and by day, where reports of today find it. The MVP's own rows stay as they are.

ALTER TABLE campaigns
    ADD COLUMN spent_before_micros BIGINT NOT NULL DEFAULT 0 CHECK (spent_before_micros >= 0);

COMMENT ON COLUMN campaigns.spent_before_micros IS
    'spent before the stream counted: taken off the total budget, and part of what v1 calls budget_spent';

UPDATE campaigns SET spent_before_micros = budget_spent * 1000000 WHERE budget_spent > 0;

-- A day that the MVP had summed up is taken from its sums; one that it had not, from its impressions, at no price.
CREATE TABLE carried_over_days (
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    date DATE NOT NULL,
    impressions BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    completions BIGINT NOT NULL,
    spend_micros BIGINT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('daily_stats', 'impressions')),
    PRIMARY KEY (campaign_id, date)
);

INSERT INTO carried_over_days
SELECT campaign_id, date, impressions, clicks, completions, spend * 1000000, 'daily_stats' FROM campaign_daily_stats;

INSERT INTO carried_over_days
SELECT campaign_id, ("timestamp" AT TIME ZONE 'UTC')::date, COUNT(*), 0, COUNT(*) FILTER (WHERE completed), 0, 'impressions'
FROM impressions
GROUP BY 1, 2
ON CONFLICT (campaign_id, date) DO NOTHING;

-- By creative the MVP had impressions alone: neither clicks nor spend.
CREATE TABLE carried_over_creative_days (
    creative_id UUID NOT NULL REFERENCES creatives (id) ON DELETE CASCADE,
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    date DATE NOT NULL,
    impressions BIGINT NOT NULL,
    completions BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    PRIMARY KEY (creative_id, campaign_id, date)
);

INSERT INTO carried_over_creative_days
SELECT creative_id, campaign_id, ("timestamp" AT TIME ZONE 'UTC')::date, COUNT(*), COUNT(*) FILTER (WHERE completed),
    COALESCE(SUM(duration), 0)
FROM impressions
GROUP BY 1, 2, 3;

CREATE INDEX idx_carried_over_creative_days_campaign ON carried_over_creative_days (campaign_id, date);

-- Requests, with those that got an ad.
CREATE TABLE carried_over_request_days (
    date DATE PRIMARY KEY,
    requests BIGINT NOT NULL,
    filled BIGINT NOT NULL
);

INSERT INTO carried_over_request_days
SELECT (created_at AT TIME ZONE 'UTC')::date, COUNT(*), COUNT(campaign_id) FROM ad_requests GROUP BY 1;

-- What the MVP's campaigns become by default. They have no rules, no caps and no categories, so they are for everybody, as before.
-- One without a price fills what nobody pays for; today's rules would refuse to change it otherwise.
UPDATE campaigns SET tier = 'house', version = version + 1
WHERE pricing_model <> 'flat' AND price_micros = 0 AND tier = 'standard'
    AND advertiser_id IN (SELECT id FROM advertisers WHERE name = 'Advertiser of the MVP');

-- An MP4 it was said to be, whatever it was; and an empty URL is no file.
UPDATE creative_media_files SET
    type = CASE WHEN url ~* '\.m3u8([?#]|$)' THEN 'application/x-mpegURL' ELSE 'video/webm' END,
    delivery = CASE WHEN url ~* '\.m3u8([?#]|$)' THEN 'streaming' ELSE 'progressive' END
WHERE type = 'video/mp4' AND url ~* '\.(m3u8|webm)([?#]|$)';
DELETE FROM creative_media_files WHERE btrim(url) = '';

-- A break of the MVP was one ad: the pod that asks for the same in v2.
INSERT INTO ad_pods (name, duration_seconds, max_ads, min_ads)
SELECT 'single-ad', 120, 1, 1
WHERE EXISTS (SELECT FROM advertisers WHERE name = 'Advertiser of the MVP')
ON CONFLICT DO NOTHING;

GRANT SELECT ON carried_over_days, carried_over_creative_days TO breakwater_tenant;
ALTER TABLE carried_over_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_campaign ON carried_over_days TO breakwater_tenant
    USING (EXISTS (SELECT FROM campaigns c WHERE c.id = campaign_id));
ALTER TABLE carried_over_creative_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_campaign ON carried_over_creative_days TO breakwater_tenant
    USING (EXISTS (SELECT FROM campaigns c WHERE c.id = campaign_id));

-- Numbers that came with a campaign are none that it has now: a draft that never served may be deleted only where there are none.
CREATE INDEX idx_impressions_creative ON impressions (creative_id);
CREATE INDEX idx_ad_requests_campaign ON ad_requests (campaign_id);
