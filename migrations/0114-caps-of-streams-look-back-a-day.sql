-- A stream is remembered for a day after its last ad: its caps of a week or a month never held for longer, and are refused now. What
-- there is of them becomes a cap of the whole stream, the stricter of the two; a cap that can refuse nothing beside it goes.

CREATE TEMPORARY TABLE whole_streams ON COMMIT DROP AS
SELECT campaign_id, creative_id, MIN(position) AS position, MIN(created_at) AS created_at,
    MIN(LEAST(max_impressions_per_week, max_impressions_per_month, max_impressions_lifetime)) AS most
FROM frequency_caps
WHERE scope = 'stream'
    AND num_nonnulls(max_impressions_per_week, max_impressions_per_month, max_impressions_lifetime) > 0
GROUP BY campaign_id, creative_id
HAVING COUNT(max_impressions_per_week) + COUNT(max_impressions_per_month) > 0;

DELETE FROM frequency_caps AS caps USING whole_streams AS whole
WHERE caps.scope = 'stream' AND caps.campaign_id = whole.campaign_id
    AND caps.creative_id IS NOT DISTINCT FROM whole.creative_id
    AND num_nonnulls(caps.max_impressions_per_minute, caps.max_impressions_per_hour, caps.max_impressions_per_day) = 0;

UPDATE frequency_caps AS caps
SET max_impressions_per_week = NULL, max_impressions_per_month = NULL, max_impressions_lifetime = NULL
FROM whole_streams AS whole
WHERE caps.scope = 'stream' AND caps.campaign_id = whole.campaign_id
    AND caps.creative_id IS NOT DISTINCT FROM whole.creative_id;

INSERT INTO frequency_caps (campaign_id, creative_id, scope, position, created_at, max_impressions_lifetime)
SELECT campaign_id, creative_id, 'stream', position, created_at, most FROM whole_streams;

DELETE FROM frequency_caps AS caps USING whole_streams AS whole
WHERE whole.creative_id IS NULL AND caps.campaign_id = whole.campaign_id AND caps.max_impressions_lifetime >= whole.most
    AND (caps.scope = 'pod' OR (caps.scope = 'stream' AND caps.creative_id IS NOT NULL))
    AND num_nonnulls(caps.max_impressions_per_minute, caps.max_impressions_per_hour, caps.max_impressions_per_day) = 0;

UPDATE frequency_caps AS caps SET max_impressions_lifetime = NULL
FROM whole_streams AS whole
WHERE whole.creative_id IS NULL AND caps.campaign_id = whole.campaign_id AND caps.max_impressions_lifetime >= whole.most
    AND caps.scope = 'stream' AND caps.creative_id IS NOT NULL;
