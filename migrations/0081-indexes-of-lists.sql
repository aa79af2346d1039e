-- What lists are filtered by, what logins look for, and what a deletion looks for elsewhere; each was a walk through a whole table
-- (management-api/scale.test.ts reads the plans on 100,000 campaigns).

CREATE INDEX idx_users_by_email ON users (organisation_id, email, id);
CREATE INDEX idx_users_by_role ON users (organisation_id, role, email, id);
CREATE INDEX idx_users_disabled ON users (organisation_id, email, id) WHERE disabled_at IS NOT NULL;
CREATE INDEX idx_users_any_case ON users (LOWER(email));

-- An import asks for each line whether it is there already.
CREATE INDEX idx_campaigns_twins ON campaigns (advertiser_id, name, start_date, end_date);

CREATE INDEX idx_experiments_by_status ON experiments (organisation_id, status, name, id);
CREATE INDEX idx_audit_actor ON audit_log (organisation_id, actor, sequence);
CREATE INDEX idx_alert_events_rule ON alert_events (rule_id, at, id);
CREATE INDEX idx_owned_names_gone ON owned_names (organisation_id, kind, name, id) WHERE removed_at IS NOT NULL;
CREATE INDEX idx_report_jobs_saved ON report_jobs (saved_report_id, created_at, id) WHERE saved_report_id IS NOT NULL;
CREATE INDEX idx_creatives_processing ON creatives (updated_at) WHERE status = 'processing';
CREATE INDEX idx_carried_over_days_date ON carried_over_days (date, campaign_id);

CREATE INDEX idx_frequency_caps_creative ON frequency_caps (creative_id) WHERE creative_id IS NOT NULL;
CREATE INDEX idx_frequency_tracking_campaign ON user_frequency_tracking (campaign_id);
CREATE INDEX idx_frequency_tracking_creative ON user_frequency_tracking (creative_id) WHERE creative_id IS NOT NULL;
CREATE INDEX idx_sessions_user ON sessions (user_id);
CREATE INDEX idx_content_categories_parent ON content_categories (parent_id);
CREATE INDEX idx_alert_rules_campaign ON alert_rules (campaign_id) WHERE campaign_id IS NOT NULL;
CREATE INDEX idx_ad_requests_creative ON ad_requests (creative_id);
CREATE INDEX idx_impressions_ad ON impressions (ad_id);
