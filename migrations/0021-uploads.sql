-- Why a file that was uploaded for a creative cannot be shown. Its file is named by the creative's id.
ALTER TABLE creatives ADD COLUMN failure TEXT;
COMMENT ON COLUMN creatives.failure IS 'of status failed: what a television cannot play';
