-- A campaign that comes back under its id goes on with its versions: deciders that have seen it go drop what is no newer.

ALTER TABLE owned_names ADD COLUMN last_version BIGINT;
COMMENT ON COLUMN owned_names.last_version IS 'the version as which a campaign was told to be gone';

-- The audit knows what those had that are gone already, or came back since.
UPDATE owned_names SET last_version = gone.version
FROM (
    SELECT resource_id, MAX((entry::json -> 'before' ->> 'version')::bigint) + 1 AS version
    FROM audit_log WHERE resource = 'campaign' AND action = 'delete' GROUP BY resource_id
) AS gone
WHERE kind = 'campaign' AND id::text = gone.resource_id;
UPDATE campaigns SET version = last_version + 1
FROM owned_names WHERE owned_names.id = campaigns.id AND version <= last_version;

CREATE OR REPLACE FUNCTION note_owned_name() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    noted owned_names;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE owned_names SET removed_at = NOW() WHERE id = OLD.id;
        IF TG_TABLE_NAME = 'campaigns' THEN
            UPDATE owned_names SET last_version = OLD.version + 1 WHERE id = OLD.id;
        END IF;
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

CREATE FUNCTION go_on_with_versions() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := GREATEST(NEW.version, (SELECT last_version + 1 FROM owned_names WHERE id = NEW.id));
    RETURN NEW;
END
$$;
CREATE TRIGGER go_on_with_versions BEFORE INSERT ON campaigns
FOR EACH ROW EXECUTE FUNCTION go_on_with_versions();
