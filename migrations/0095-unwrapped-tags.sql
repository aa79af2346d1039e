-- What third parties' tags led to when they were last asked (management-api/unwrap/), for creatives that want it (parts.unwrap).

CREATE TABLE unwrapped_tags (
    creative_id UUID PRIMARY KEY REFERENCES creatives (id) ON DELETE CASCADE,
    -- What was asked, and how long its ad has to be.
    tag TEXT NOT NULL,
    duration INTEGER NOT NULL,
    -- As deciders get it (domain/unwrapped.ts); NULL: nothing is known, and the tag is served as it is.
    document JSONB,
    -- When the document is given up, if it cannot be had again until then.
    usable_until TIMESTAMP WITH TIME ZONE,
    unwrapped_at TIMESTAMP WITH TIME ZONE,
    tried_at TIMESTAMP WITH TIME ZONE,
    -- Whoever took it to ask and died leaves it to others at this time.
    next_try_at TIMESTAMP WITH TIME ZONE NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    fault TEXT,
    -- Events that nobody could be told.
    left_out TEXT[] NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_unwrapped_tags_usable ON unwrapped_tags (usable_until) WHERE document IS NOT NULL;
CREATE INDEX idx_creatives_unwrap ON creatives (id) WHERE parts -> 'unwrap' = 'true';

GRANT SELECT, INSERT, UPDATE ON unwrapped_tags TO breakwater_tenant;
ALTER TABLE unwrapped_tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_creative ON unwrapped_tags TO breakwater_tenant
    USING (EXISTS (SELECT FROM creatives c WHERE c.id = creative_id))
    WITH CHECK (EXISTS (SELECT FROM creatives c WHERE c.id = creative_id));
