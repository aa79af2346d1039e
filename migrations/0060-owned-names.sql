-- Whose every advertiser, campaign and creative is or was, and what it was called last. Rows outlive what they name:
-- the warehouse keeps numbers of campaigns that are gone, and reports must know whose they are.

CREATE TABLE owned_names (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('advertiser', 'campaign', 'creative')),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    -- A campaign's advertiser, a creative's campaign.
    parent_id UUID,
    name TEXT NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_owned_names ON owned_names (organisation_id, kind, name, id);

INSERT INTO owned_names (id, kind, organisation_id, name)
SELECT id, 'advertiser', organisation_id, name FROM advertisers;
INSERT INTO owned_names (id, kind, organisation_id, parent_id, name)
SELECT id, 'campaign', organisation_id, advertiser_id, name FROM campaigns;
INSERT INTO owned_names (id, kind, organisation_id, parent_id, name)
SELECT creatives.id, 'creative', campaigns.organisation_id, campaign_id, creatives.name
FROM creatives JOIN campaigns ON campaigns.id = campaign_id;

GRANT SELECT, INSERT, UPDATE ON owned_names TO breakwater_tenant;
ALTER TABLE owned_names ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON owned_names TO breakwater_tenant
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());

CREATE FUNCTION note_owned_name() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    noted owned_names;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE owned_names SET removed_at = NOW() WHERE id = OLD.id;
        RETURN NULL;
    END IF;
    noted.id := NEW.id;
    noted.name := NEW.name;
    IF TG_TABLE_NAME = 'advertisers' THEN
        noted.kind := 'advertiser';
        noted.organisation_id := NEW.organisation_id;
    ELSIF TG_TABLE_NAME = 'campaigns' THEN
        noted.kind := 'campaign';
        noted.organisation_id := NEW.organisation_id;
        noted.parent_id := NEW.advertiser_id;
    ELSE
        noted.kind := 'creative';
        noted.parent_id := NEW.campaign_id;
        SELECT organisation_id INTO noted.organisation_id FROM campaigns WHERE id = NEW.campaign_id;
    END IF;
    INSERT INTO owned_names (id, kind, organisation_id, parent_id, name)
    VALUES (noted.id, noted.kind, noted.organisation_id, noted.parent_id, noted.name)
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, parent_id = EXCLUDED.parent_id, removed_at = NULL
    WHERE (owned_names.name, owned_names.parent_id, owned_names.removed_at)
        IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.parent_id, NULL::timestamptz);
    RETURN NULL;
END
$$;

CREATE TRIGGER note_owned_name AFTER INSERT OR UPDATE OF name OR DELETE ON advertisers
FOR EACH ROW EXECUTE FUNCTION note_owned_name();
CREATE TRIGGER note_owned_name AFTER INSERT OR UPDATE OF name, advertiser_id OR DELETE ON campaigns
FOR EACH ROW EXECUTE FUNCTION note_owned_name();
CREATE TRIGGER note_owned_name AFTER INSERT OR UPDATE OF name OR DELETE ON creatives
FOR EACH ROW EXECUTE FUNCTION note_owned_name();

-- An advertiser's numbers stay with its organisation for ever.
CREATE FUNCTION refuse_new_organisation() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % cannot change its organisation: its numbers would go along', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER organisation_is_fixed BEFORE UPDATE OF organisation_id ON advertisers
FOR EACH ROW WHEN (OLD.organisation_id IS DISTINCT FROM NEW.organisation_id) EXECUTE FUNCTION refuse_new_organisation();
