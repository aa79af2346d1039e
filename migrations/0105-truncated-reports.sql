-- Whether a job's report has more rows than its limit; NULL: it is not made yet, or was made before this was told.
ALTER TABLE report_jobs ADD COLUMN truncated BOOLEAN;
