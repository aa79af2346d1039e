-- An id belongs to whoever had it first, also when what it named is gone: its name is kept for reports (0060), and its numbers stay.
CREATE OR REPLACE FUNCTION ids_held_elsewhere(ids UUID []) RETURNS SETOF UUID LANGUAGE SQL STABLE SECURITY DEFINER AS $$
    SELECT id FROM owned_names WHERE id = ANY (ids) AND organisation_id <> current_organisation()
    UNION ALL
    SELECT t.id FROM targeting_rules t JOIN campaigns o ON o.id = t.campaign_id
    WHERE t.id = ANY (ids) AND o.organisation_id <> current_organisation()
$$;
