-- Published category tables: the IAB's Ad Product taxonomy for competitive categories, its Content Taxonomy for what is around the ad.
-- Their ids are texts ("1003", "v9i3On") and their names may come twice, so ids become texts; those that are UUIDs stay as they are.

DROP TRIGGER competitive_categories_form_a_tree ON competitive_categories;
ALTER TABLE campaign_competitive_categories DROP CONSTRAINT campaign_competitive_categories_category_id_fkey;
ALTER TABLE competitive_categories DROP CONSTRAINT competitive_categories_parent_category_id_fkey;
ALTER TABLE competitive_categories DROP CONSTRAINT competitive_categories_name_key;

ALTER TABLE competitive_categories ALTER COLUMN id DROP DEFAULT;
ALTER TABLE competitive_categories
    ALTER COLUMN id TYPE TEXT USING id::text,
    ALTER COLUMN parent_category_id TYPE TEXT USING parent_category_id::text,
    -- Whose table it is from; NULL: made here.
    ADD COLUMN authority TEXT;
ALTER TABLE competitive_categories ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER TABLE competitive_categories ADD CONSTRAINT competitive_categories_id_check CHECK (id <> '');
ALTER TABLE campaign_competitive_categories ALTER COLUMN category_id TYPE TEXT USING category_id::text;

ALTER TABLE competitive_categories
    ADD CONSTRAINT competitive_categories_parent_category_id_fkey
    FOREIGN KEY (parent_category_id) REFERENCES competitive_categories (id);
ALTER TABLE campaign_competitive_categories
    ADD CONSTRAINT campaign_competitive_categories_category_id_fkey
    FOREIGN KEY (category_id) REFERENCES competitive_categories (id);

-- Names are unique among those made here: people pick them by name. A published table keeps its own order.
CREATE UNIQUE INDEX competitive_categories_name_key ON competitive_categories (name) WHERE authority IS NULL;

CREATE OR REPLACE FUNCTION refuse_category_cycle() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    above TEXT := NEW.parent_category_id;
BEGIN
    IF above IS NULL THEN
        RETURN NEW;
    END IF;
    -- Two moves at once could close a circle that neither of them sees.
    PERFORM pg_advisory_xact_lock(hashtext('competitive_categories'));
    WHILE above IS NOT NULL LOOP
        IF above = NEW.id THEN
            RAISE EXCEPTION 'category % would lie above itself', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        SELECT parent_category_id INTO above FROM competitive_categories WHERE id = above;
    END LOOP;
    RETURN NEW;
END
$$;

CREATE TRIGGER competitive_categories_form_a_tree
BEFORE INSERT OR UPDATE OF id, parent_category_id ON competitive_categories
FOR EACH ROW EXECUTE FUNCTION refuse_category_cycle();

CREATE TABLE content_categories (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    name TEXT NOT NULL,
    parent_id TEXT REFERENCES content_categories (id) DEFERRABLE INITIALLY DEFERRED CHECK (parent_id <> id),
    authority TEXT NOT NULL,
    -- Stands for all below it: content of which nothing is known fails an exclude of it.
    sensitive BOOLEAN NOT NULL DEFAULT false,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);
