-- Reports that are kept, those that come by themselves, and the work of making large ones.

CREATE TABLE saved_reports (
    id UUID PRIMARY KEY,
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    name TEXT NOT NULL,
    -- As POST /api/v2/analytics/custom-report takes it.
    report JSONB NOT NULL,
    -- { every, at, time_zone }; NULL: only when it is asked for.
    schedule JSONB,
    next_run_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    UNIQUE (organisation_id, name)
);
CREATE INDEX idx_saved_reports_next ON saved_reports (next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE report_jobs (
    id UUID PRIMARY KEY,
    organisation_id UUID NOT NULL DEFAULT organisation_of_new_row() REFERENCES organisations (id),
    saved_report_id UUID REFERENCES saved_reports (id) ON DELETE SET NULL,
    report JSONB NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    -- Of the rows that it reads, as far as the warehouse tells.
    progress_percent SMALLINT NOT NULL DEFAULT 0 CHECK (progress_percent BETWEEN 0 AND 100),
    -- When the report was asked for: its relative times count from there.
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- The process that makes it says so every few seconds; one that has died is replaced.
    alive_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    -- Name under DATA_DIR/reports of the host that made it.
    file TEXT,
    content_type TEXT,
    bytes BIGINT,
    problem TEXT
);
CREATE INDEX idx_report_jobs_open ON report_jobs (created_at) WHERE status IN ('queued', 'running');
CREATE INDEX idx_report_jobs_organisation ON report_jobs (organisation_id, created_at DESC, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON saved_reports, report_jobs TO breakwater_tenant;
ALTER TABLE saved_reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON saved_reports TO breakwater_tenant
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY own ON report_jobs TO breakwater_tenant
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
