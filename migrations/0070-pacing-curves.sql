-- A curve of a campaign's own, along which its plan is spent.

ALTER TABLE campaigns
    DROP CONSTRAINT campaigns_pacing_mode_check,
    ADD CONSTRAINT campaigns_pacing_mode_check CHECK (pacing_mode IN ('even', 'asap', 'front_loaded', 'custom')),
    ADD COLUMN pacing_curve JSONB CHECK (jsonb_typeof(pacing_curve) = 'array');

COMMENT ON COLUMN campaigns.pacing_curve IS '[{"flight", "plan"}], shares from (0, 0) to (1, 1); of mode custom';
