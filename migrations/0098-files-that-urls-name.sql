-- A file of ours is named by the id of the creative that it came for, and other creatives may show it too: copies, and those that were
-- given its URL. Whatever management's own URL is, its last part is the name.
CREATE FUNCTION file_named(url TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
RETURN substring(url FROM '/([0-9a-f-]{36}\.mp4)(?:[?#]|$)');

CREATE INDEX idx_creative_media_files_named ON creative_media_files (file_named(url)) WHERE file_named(url) IS NOT NULL;
CREATE INDEX idx_creatives_with_mezzanines ON creatives (id) WHERE parts ? 'mezzanines';
