-- Who disables or removes an alert that is raised, or its campaign, writes the event that clears it.
GRANT INSERT ON alert_events TO breakwater_tenant;
