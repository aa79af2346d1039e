-- Categories form a tree: two ads compete if one's category is the other's or lies above it.

CREATE TABLE competitive_categories (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(100) NOT NULL UNIQUE,
    description TEXT,
    parent_category_id UUID REFERENCES competitive_categories (id),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_categories_parent ON competitive_categories (parent_category_id);

CREATE FUNCTION refuse_category_cycle() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    above UUID := NEW.parent_category_id;
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

CREATE TABLE campaign_competitive_categories (
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    category_id UUID NOT NULL REFERENCES competitive_categories (id),
    position INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    PRIMARY KEY (campaign_id, category_id)
);

CREATE INDEX idx_campaign_categories_category ON campaign_competitive_categories (category_id);
