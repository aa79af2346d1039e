-- How many campaigns a run of optimisation looked at, and whether there were more; NULL: it was made before this was told.
ALTER TABLE optimisation_runs
    ADD COLUMN campaigns_looked_at INTEGER,
    ADD COLUMN truncated BOOLEAN;
