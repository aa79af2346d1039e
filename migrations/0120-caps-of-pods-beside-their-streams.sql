-- A pod lies in its stream: whatever the window, a cap of the stream lets no pod have more than it allows. A cap of the pod that allows
-- no less never refused anything, and is refused now beside it; what there is of them goes.

DELETE FROM frequency_caps AS caps USING frequency_caps AS whole
WHERE caps.scope = 'pod' AND whole.scope = 'stream' AND whole.campaign_id = caps.campaign_id AND whole.creative_id IS NULL
    AND caps.max_impressions_lifetime >= LEAST(whole.max_impressions_per_minute, whole.max_impressions_per_hour,
        whole.max_impressions_per_day, whole.max_impressions_lifetime);
