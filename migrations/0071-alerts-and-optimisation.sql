-- Rules on measures, what was raised and cleared, and changes that were made automatically.

CREATE TABLE alert_rules (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    name TEXT NOT NULL,
    measure TEXT NOT NULL CHECK (measure IN ('delivery', 'spend', 'error_rate', 'fill', 'lag', 'invalid_traffic')),
    campaign_id UUID REFERENCES campaigns (id) ON DELETE CASCADE,
    comparison TEXT NOT NULL CHECK (comparison IN ('above', 'below')),
    threshold DOUBLE PRECISION NOT NULL,
    clear_threshold DOUBLE PRECISION NOT NULL,
    window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 60 AND 86400),
    enabled BOOLEAN NOT NULL DEFAULT true,
    webhook_url TEXT,
    webhook_secret TEXT,
    -- What the evaluation keeps: a state changes in the transaction that writes its event.
    raised BOOLEAN NOT NULL DEFAULT false,
    last_value DOUBLE PRECISION,
    evaluated_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    UNIQUE (organisation_id, name)
);
COMMENT ON COLUMN alert_rules.webhook_secret IS 'HMAC key of what is sent; told once, never shown';

CREATE TABLE alert_events (
    id UUID PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    rule_id UUID NOT NULL,
    rule_name TEXT NOT NULL,
    measure TEXT NOT NULL,
    campaign_id UUID,
    state TEXT NOT NULL CHECK (state IN ('RAISED', 'CLEARED')),
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    value DOUBLE PRECISION,
    detail TEXT NOT NULL,
    -- NULL: not in the topic yet.
    published_at TIMESTAMP WITH TIME ZONE,
    webhook_url TEXT,
    webhook_secret TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- NULL: nothing is left to send.
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT
);
CREATE INDEX idx_alert_events_organisation ON alert_events (organisation_id, at, id);
CREATE INDEX idx_alert_events_unpublished ON alert_events (at) WHERE published_at IS NULL;
CREATE INDEX idx_alert_events_due ON alert_events (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

CREATE TABLE optimisation_runs (
    id UUID PRIMARY KEY,
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    request JSONB NOT NULL,
    -- [{kind, campaign_id, outcome, change, before, after, reverted}]
    items JSONB NOT NULL,
    reverted_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_optimisation_runs ON optimisation_runs (organisation_id, at, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON alert_rules TO breakwater_tenant;
GRANT SELECT ON alert_events TO breakwater_tenant;
GRANT SELECT, INSERT, UPDATE ON optimisation_runs TO breakwater_tenant;

DO $$
DECLARE
    owned TEXT;
BEGIN
    FOREACH owned IN ARRAY ARRAY['alert_rules', 'alert_events', 'optimisation_runs']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format(
            'CREATE POLICY own ON %I TO breakwater_tenant USING (organisation_id = current_organisation()) '
            'WITH CHECK (organisation_id = current_organisation())', owned);
    END LOOP;
END
$$;
