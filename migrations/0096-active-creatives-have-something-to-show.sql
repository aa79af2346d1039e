-- The MVP let a creative without a file be active; it was never served. An active creative has a file or a tag.
UPDATE creatives SET status = 'inactive', updated_at = NOW()
WHERE status = 'active' AND NOT parts ? 'vastTagUrl'
    AND NOT EXISTS (SELECT FROM creative_media_files m WHERE m.creative_id = creatives.id);
