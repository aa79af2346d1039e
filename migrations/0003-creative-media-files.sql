-- Many files for one creative, where the MVP had one MP4; order is the order of preference.

ALTER TABLE creatives
    ALTER COLUMN name TYPE TEXT,
    ADD COLUMN position INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN click_through TEXT;

CREATE TABLE creative_media_files (
    creative_id UUID NOT NULL REFERENCES creatives (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    type TEXT NOT NULL,
    delivery TEXT NOT NULL CHECK (delivery IN ('progressive', 'streaming')),
    width INTEGER NOT NULL CHECK (width >= 0),
    height INTEGER NOT NULL CHECK (height >= 0),
    bitrate_kbps INTEGER CHECK (bitrate_kbps >= 0),
    PRIMARY KEY (creative_id, position)
);

INSERT INTO creative_media_files (creative_id, position, url, type, delivery, width, height)
SELECT id, 0, video_url, 'video/mp4', 'progressive', COALESCE(width, 1920), COALESCE(height, 1080)
FROM creatives
WHERE video_url IS NOT NULL;
