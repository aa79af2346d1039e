-- When the raw rows of a viewer who was erased were made nobody's; NULL: they still are to be. Those from before were the command's.
ALTER TABLE viewer_suppressions ADD COLUMN rows_erased_at TIMESTAMP WITH TIME ZONE;
UPDATE viewer_suppressions SET rows_erased_at = erased_at;
