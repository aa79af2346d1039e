-- What was found after it was billed, and what is therefore not owed. Entries are only ever added: a wrong one is reversed by another.

CREATE TABLE adjustments (
    id UUID PRIMARY KEY,
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    -- No reference: what was billed for a campaign stays when the campaign goes.
    campaign_id UUID NOT NULL,
    advertiser_id UUID NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('invalid_traffic', 'not_viewable', 'brand_safety', 'technical_fault', 'goodwill', 'other')),
    -- The deliveries that it is about; reports count it at the first of these moments.
    from_time TIMESTAMP WITH TIME ZONE NOT NULL,
    to_time TIMESTAMP WITH TIME ZONE NOT NULL CHECK (to_time > from_time),
    impressions BIGINT NOT NULL,
    amount_micros BIGINT NOT NULL,
    note TEXT,
    reverses UUID UNIQUE REFERENCES adjustments (id),
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CHECK (impressions <> 0 OR amount_micros <> 0),
    CHECK ((reverses IS NULL AND impressions >= 0 AND amount_micros >= 0)
        OR (reverses IS NOT NULL AND impressions <= 0 AND amount_micros <= 0))
);
CREATE INDEX idx_adjustments_organisation ON adjustments (organisation_id, recorded_at, id);
CREATE INDEX idx_adjustments_campaign ON adjustments (campaign_id, from_time);

GRANT SELECT, INSERT ON adjustments TO breakwater_tenant;
ALTER TABLE adjustments ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON adjustments TO breakwater_tenant
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());

CREATE FUNCTION refuse_changed_adjustment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'adjustments are only ever added';
END
$$;
CREATE TRIGGER adjustments_stay BEFORE UPDATE OR DELETE ON adjustments
    FOR EACH ROW EXECUTE FUNCTION refuse_changed_adjustment();
