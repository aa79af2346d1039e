-- Guaranteed ads, ads that want a place, what a kept pod can ask for, and experiments on decisions.

ALTER TABLE campaigns
    DROP CONSTRAINT campaigns_tier_check,
    ADD CONSTRAINT campaigns_tier_check CHECK (tier IN ('guaranteed', 'standard', 'house')),
    ADD COLUMN pod_place TEXT CHECK (pod_place IN ('first', 'last'));

ALTER TABLE creatives ADD COLUMN pod_place TEXT CHECK (pod_place IN ('first', 'last'));

COMMENT ON COLUMN campaigns.pod_place IS 'the only place of a pod where its ads may stand; NULL: any';
COMMENT ON COLUMN creatives.pod_place IS 'NULL: as its campaign';

ALTER TABLE ad_pods
    ADD COLUMN exact_duration BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN allowed_durations INTEGER [] CHECK (cardinality(allowed_durations) > 0),
    ADD COLUMN backup_ads INTEGER NOT NULL DEFAULT 0 CHECK (backup_ads BETWEEN 0 AND 10);

-- `arms`: [{"name", "weight", "objective"?, "features"?, "qualityPercent"?, "shadowPricePercent"?}], in the order that
-- shares out viewers.
CREATE TABLE experiments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(100) NOT NULL UNIQUE CHECK (name <> ''),
    status VARCHAR(20) NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'stopped')),
    arms JSONB NOT NULL CHECK (jsonb_typeof(arms) = 'array' AND jsonb_array_length(arms) > 0),
    version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

ALTER TABLE outbox
    DROP CONSTRAINT outbox_kind_check,
    ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('campaign', 'pod', 'experiment'));

-- Pods and experiments are one row each, so the row itself announces what it becomes, whoever writes it. Writers take
-- the lock that every write of the catalog takes first (7225020): versions and the outbox grow in commit order.
CREATE FUNCTION take_write_lock() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7225020);
    RETURN NULL;
END
$$;

CREATE FUNCTION raise_version() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version = OLD.version THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION pod_document(pod ANYELEMENT) RETURNS JSON LANGUAGE plpgsql AS $$
BEGIN
    RETURN json_build_object(
        'id', pod.id, 'version', pod.version, 'name', pod.name,
        'durationSeconds', pod.duration_seconds, 'minAds', pod.min_ads, 'maxAds', pod.max_ads,
        'competitiveSeparation', pod.enable_competitive_separation,
        'minSeparationSeconds', pod.min_separation_seconds, 'separationScope', pod.separation_scope,
        'allowDuplicateAdvertisers', pod.allow_duplicate_advertisers,
        'objective', pod.optimization_goal, 'exactDuration', pod.exact_duration,
        'allowedDurations', pod.allowed_durations, 'backupAds', pod.backup_ads
    );
END
$$;

CREATE FUNCTION experiment_document(experiment ANYELEMENT) RETURNS JSON LANGUAGE plpgsql AS $$
BEGIN
    RETURN json_build_object(
        'id', experiment.id, 'version', experiment.version, 'name', experiment.name,
        'status', experiment.status, 'arms', experiment.arms
    );
END
$$;

-- After the row: an INSERT that becomes an UPDATE of another row announces nothing of its own.
CREATE FUNCTION announce_row() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO outbox (kind, id, version, document) VALUES (TG_ARGV[0], OLD.id, OLD.version + 1, NULL);
    ELSE
        INSERT INTO outbox (kind, id, version, document) VALUES (
            TG_ARGV[0], NEW.id, NEW.version,
            CASE TG_ARGV[0] WHEN 'pod' THEN pod_document(NEW) ELSE experiment_document(NEW) END
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER ad_pods_take_turns BEFORE INSERT OR UPDATE OR DELETE ON ad_pods
FOR EACH STATEMENT EXECUTE FUNCTION take_write_lock();
CREATE TRIGGER ad_pods_have_versions BEFORE UPDATE ON ad_pods FOR EACH ROW EXECUTE FUNCTION raise_version();
CREATE TRIGGER ad_pods_are_announced AFTER INSERT OR UPDATE OR DELETE ON ad_pods
FOR EACH ROW EXECUTE FUNCTION announce_row('pod');

CREATE TRIGGER experiments_take_turns BEFORE INSERT OR UPDATE OR DELETE ON experiments
FOR EACH STATEMENT EXECUTE FUNCTION take_write_lock();
CREATE TRIGGER experiments_have_versions BEFORE UPDATE ON experiments FOR EACH ROW EXECUTE FUNCTION raise_version();
CREATE TRIGGER experiments_are_announced AFTER INSERT OR UPDATE OR DELETE ON experiments
FOR EACH ROW EXECUTE FUNCTION announce_row('experiment');
