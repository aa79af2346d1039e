-- What belongs to a creative beside its files (domain/creative.ts), as the document has it; a file of several qualities.

ALTER TABLE creatives ADD COLUMN parts JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parts) = 'object');

ALTER TABLE creative_media_files
    ADD COLUMN codec TEXT,
    ADD COLUMN min_bitrate_kbps INTEGER CHECK (min_bitrate_kbps >= 0),
    ADD COLUMN max_bitrate_kbps INTEGER CHECK (max_bitrate_kbps >= 0);
