-- Several organisations on one server, none of which sees another's rows: every transaction of management runs as
-- `breakwater_tenant` with the setting `breakwater.organisation`, and row-level security does the rest.

CREATE TABLE organisations (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

-- What was there before belongs to it, and what is written without naming an organisation.
INSERT INTO organisations (id, name) VALUES ('00000000-0000-7000-a000-000000000001', 'Default organisation');

CREATE FUNCTION current_organisation() RETURNS UUID LANGUAGE SQL STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('breakwater.organisation', true), '')::uuid;

CREATE FUNCTION organisation_of_new_row() RETURNS UUID LANGUAGE SQL STABLE PARALLEL SAFE
RETURN COALESCE(current_organisation(), '00000000-0000-7000-a000-000000000001'::uuid);

ALTER TABLE users
    DROP CONSTRAINT users_role_check,
    ALTER COLUMN role DROP DEFAULT,
    ADD COLUMN organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    ADD COLUMN disabled_at TIMESTAMP WITH TIME ZONE;
UPDATE users SET role = 'manager' WHERE role = 'user';
ALTER TABLE users
    ALTER COLUMN role SET DEFAULT 'manager',
    ADD CHECK (role IN ('admin', 'manager', 'analyst', 'operator', 'player'));

ALTER TABLE advertisers
    ADD COLUMN organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE campaigns
    ADD COLUMN organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id);
ALTER TABLE ad_pods
    ADD COLUMN organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    DROP CONSTRAINT ad_pods_name_key,
    ADD UNIQUE (organisation_id, name);

ALTER TABLE experiments
    ADD COLUMN organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    DROP CONSTRAINT experiments_name_key,
    ADD UNIQUE (organisation_id, name);

-- NULL: everybody's, such as an imported table of the industry; only the system writes those.
ALTER TABLE competitive_categories
    ADD COLUMN organisation_id UUID DEFAULT current_organisation() REFERENCES organisations (id);
DROP INDEX competitive_categories_name_key;
CREATE UNIQUE INDEX competitive_categories_name_key ON competitive_categories (organisation_id, name)
    NULLS NOT DISTINCT WHERE authority IS NULL;

CREATE INDEX idx_advertisers_organisation ON advertisers (organisation_id, id);
CREATE INDEX idx_campaigns_organisation ON campaigns (organisation_id, id);
CREATE INDEX idx_users_organisation ON users (organisation_id, id);

-- Shown once, kept as SHA-256: a key has 256 bits of its own, so a slow hash would add nothing.
CREATE TABLE api_keys (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL UNIQUE,
    hash BYTEA NOT NULL,
    scopes TEXT[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    expires_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE
);

-- One row per refresh token; all of a login share the family. A token used twice ends its family.
CREATE TABLE sessions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    family UUID NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_sessions_family ON sessions (family);

-- What was changed by whom: append-only, and each row holds the hash of the one before it in its organisation.
CREATE TABLE audit_log (
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    sequence BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    -- The text that is hashed: {sequence, at, actor, action, resource, resource_id, before, after}.
    entry TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (organisation_id, sequence)
);
CREATE INDEX idx_audit_resource ON audit_log (organisation_id, resource, resource_id, sequence);

CREATE FUNCTION refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A POST that is sent again with the same key gets the same answer.
CREATE TABLE idempotency_keys (
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    key TEXT NOT NULL,
    request BYTEA NOT NULL,
    status INTEGER NOT NULL,
    headers JSONB NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    PRIMARY KEY (organisation_id, key)
);
CREATE INDEX idx_idempotency_created ON idempotency_keys (created_at);

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'breakwater_tenant') THEN
        CREATE ROLE breakwater_tenant NOLOGIN;
    END IF;
    EXECUTE format('GRANT breakwater_tenant TO %I', CURRENT_USER);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO breakwater_tenant', current_schema());
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    advertisers, campaigns, creatives, creative_media_files, targeting_rules, frequency_caps,
    competitive_categories, campaign_competitive_categories, ad_pods, experiments, users, api_keys
    TO breakwater_tenant;
GRANT SELECT ON organisations, campaign_daily_stats TO breakwater_tenant;
GRANT SELECT, INSERT ON audit_log TO breakwater_tenant;
GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO breakwater_tenant;
GRANT INSERT ON outbox TO breakwater_tenant;

ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON organisations TO breakwater_tenant USING (id = current_organisation());

DO $$
DECLARE
    owned TEXT;
BEGIN
    FOREACH owned IN ARRAY ARRAY['advertisers', 'campaigns', 'ad_pods', 'experiments', 'users', 'api_keys', 'audit_log', 'idempotency_keys']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format(
            'CREATE POLICY own ON %I TO breakwater_tenant USING (organisation_id = current_organisation()) '
            'WITH CHECK (organisation_id = current_organisation())', owned);
    END LOOP;
    -- What hangs on a campaign is seen by who sees the campaign.
    FOREACH owned IN ARRAY ARRAY['creatives', 'targeting_rules', 'frequency_caps', 'campaign_competitive_categories',
        'campaign_daily_stats']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format(
            'CREATE POLICY of_campaign ON %I TO breakwater_tenant '
            'USING (EXISTS (SELECT FROM campaigns c WHERE c.id = campaign_id)) '
            'WITH CHECK (EXISTS (SELECT FROM campaigns c WHERE c.id = campaign_id))', owned);
    END LOOP;
END
$$;

ALTER TABLE creative_media_files ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_creative ON creative_media_files TO breakwater_tenant
    USING (EXISTS (SELECT FROM creatives c WHERE c.id = creative_id))
    WITH CHECK (EXISTS (SELECT FROM creatives c WHERE c.id = creative_id));

ALTER TABLE competitive_categories ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON competitive_categories FOR SELECT TO breakwater_tenant
    USING (organisation_id IS NULL OR organisation_id = current_organisation());
CREATE POLICY own ON competitive_categories TO breakwater_tenant
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
