-- What management's API needs beyond its first tables: versions of users and categories, limits by key, ids that another
-- organisation holds, and indexes in the orders that lists are read in.

ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE competitive_categories ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1);

ALTER TABLE api_keys ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute BETWEEN 1 AND 10000000);
COMMENT ON COLUMN api_keys.requests_per_minute IS 'NULL: as the server gives to everybody';

-- Answers older than a day are dropped with the next one that is kept.
GRANT DELETE ON idempotency_keys TO breakwater_tenant;

-- Ids are keys of their tables, whoever owns the row: an import asks whether it may keep the ids that it was given. As the owner of
-- the tables, because a tenant does not see the rows of others; it says no more than that an id is taken.
CREATE FUNCTION ids_held_elsewhere(ids UUID []) RETURNS SETOF UUID LANGUAGE SQL STABLE SECURITY DEFINER AS $$
    SELECT id FROM campaigns WHERE id = ANY (ids) AND organisation_id <> current_organisation()
    UNION ALL
    SELECT c.id FROM creatives c JOIN campaigns o ON o.id = c.campaign_id
    WHERE c.id = ANY (ids) AND o.organisation_id <> current_organisation()
    UNION ALL
    SELECT t.id FROM targeting_rules t JOIN campaigns o ON o.id = t.campaign_id
    WHERE t.id = ANY (ids) AND o.organisation_id <> current_organisation()
$$;

-- One index for each order, and one for each order within a status; the id makes the order total.
CREATE INDEX idx_campaigns_by_created ON campaigns (organisation_id, created_at, id);
CREATE INDEX idx_campaigns_by_name ON campaigns (organisation_id, name, id);
CREATE INDEX idx_campaigns_by_start ON campaigns (organisation_id, start_date, id);
CREATE INDEX idx_campaigns_by_end ON campaigns (organisation_id, end_date, id);
CREATE INDEX idx_campaigns_status_created ON campaigns (organisation_id, status, created_at, id);
CREATE INDEX idx_campaigns_status_name ON campaigns (organisation_id, status, name, id);
CREATE INDEX idx_campaigns_status_start ON campaigns (organisation_id, status, start_date, id);
CREATE INDEX idx_campaigns_status_end ON campaigns (organisation_id, status, end_date, id);
DROP INDEX idx_campaigns_advertiser;
CREATE INDEX idx_campaigns_advertiser ON campaigns (advertiser_id, created_at, id);

CREATE INDEX idx_advertisers_by_name ON advertisers (organisation_id, name, id);
CREATE INDEX idx_categories_by_name ON competitive_categories (name, id);
CREATE INDEX idx_api_keys_organisation ON api_keys (organisation_id, id);

-- A part of a name. Under row-level security an index on trigrams is not used, because the comparison might leak; so the function
-- reads as the owner and keeps to the organisation itself. Not more than `most`: more is better found by reading on in order.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX idx_campaigns_name_parts ON campaigns USING GIN (LOWER(name) gin_trgm_ops);

CREATE FUNCTION campaigns_named(part TEXT, most INTEGER) RETURNS SETOF UUID LANGUAGE SQL STABLE SECURITY DEFINER AS $$
    SELECT id FROM campaigns
    WHERE organisation_id = current_organisation()
      AND LOWER(name) LIKE '%' || REPLACE(REPLACE(REPLACE(LOWER(part), '\', '\\'), '%', '\%'), '_', '\_') || '%'
    LIMIT most
$$;

-- Sessions are no tenant's table; who may see a user may end its logins.
CREATE FUNCTION end_sessions_of(whose UUID) RETURNS VOID LANGUAGE SQL SECURITY DEFINER AS $$
    UPDATE sessions SET ended_at = NOW()
    WHERE ended_at IS NULL
      AND user_id IN (SELECT id FROM users WHERE id = whose AND organisation_id = current_organisation())
$$;
