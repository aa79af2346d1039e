-- Deciders are told whose a kept pod and an experiment are: the requests of an organisation name its own pods, and its own
-- experiments act on them.

CREATE OR REPLACE FUNCTION pod_document(pod ANYELEMENT) RETURNS JSON LANGUAGE plpgsql AS $$
BEGIN
    RETURN json_build_object(
        'id', pod.id, 'version', pod.version, 'organisation', pod.organisation_id, 'name', pod.name,
        'durationSeconds', pod.duration_seconds, 'minAds', pod.min_ads, 'maxAds', pod.max_ads,
        'competitiveSeparation', pod.enable_competitive_separation,
        'minSeparationSeconds', pod.min_separation_seconds, 'separationScope', pod.separation_scope,
        'allowDuplicateAdvertisers', pod.allow_duplicate_advertisers,
        'objective', pod.optimization_goal, 'exactDuration', pod.exact_duration,
        'allowedDurations', pod.allowed_durations, 'backupAds', pod.backup_ads
    );
END
$$;

CREATE OR REPLACE FUNCTION experiment_document(experiment ANYELEMENT) RETURNS JSON LANGUAGE plpgsql AS $$
BEGIN
    RETURN json_build_object(
        'id', experiment.id, 'version', experiment.version, 'organisation', experiment.organisation_id,
        'name', experiment.name, 'status', experiment.status, 'arms', experiment.arms
    );
END
$$;

-- A document that names nobody is the house's. The others are told again: each change is a version and an outbox record.
UPDATE ad_pods SET version = version WHERE organisation_id <> '00000000-0000-7000-a000-000000000001';
UPDATE experiments SET version = version WHERE organisation_id <> '00000000-0000-7000-a000-000000000001';
