-- A read-out takes requests from then on: what was recorded under the same names before is of other arms. How viewers are drawn changes
-- with this release, so what runs begins anew; what is stopped keeps what it showed.

ALTER TABLE experiments ADD COLUMN arms_since TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW();
COMMENT ON COLUMN experiments.arms_since IS 'since when its name and its arms, which draw viewers, are what they are';

ALTER TABLE experiments DISABLE TRIGGER USER;
UPDATE experiments SET arms_since = created_at WHERE status = 'stopped';
ALTER TABLE experiments ENABLE TRIGGER USER;

CREATE FUNCTION begin_arms_anew() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.arms IS DISTINCT FROM OLD.arms OR NEW.name IS DISTINCT FROM OLD.name THEN
        NEW.arms_since := NOW();
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER experiments_begin_anew BEFORE UPDATE ON experiments FOR EACH ROW EXECUTE FUNCTION begin_arms_anew();
