-- On a ClickHouse server: a user for reports who only reads, and only rows of the organisation that the statement names.
-- Run once as an administrator; needs `custom_settings_prefixes` to hold `SQL_`, as the shipped configuration does.
-- Then REPORTS_WAREHOUSE=http://breakwater_reports:PASSWORD@host:8123 for the management process.

-- readonly = 2: statements only read, and their limits may be set below these. The reader names the organisation, and nothing else
-- may: whoever has this user's password may name any.
CREATE SETTINGS PROFILE IF NOT EXISTS breakwater_reports SETTINGS
    readonly = 2,
    max_execution_time = 300 MAX 300,
    max_memory_usage = 4000000000 MAX 4000000000,
    SQL_organisation = '00000000-0000-0000-0000-000000000000';

CREATE USER IF NOT EXISTS breakwater_reports IDENTIFIED WITH sha256_password BY 'CHANGE ME' SETTINGS PROFILE 'breakwater_reports';

-- What reports read, and nothing else: no other database, no table functions, no signals, no notes of operators.
GRANT SELECT ON breakwater.owners TO breakwater_reports;
GRANT SELECT ON breakwater.beacons TO breakwater_reports;
GRANT SELECT ON breakwater.request_ads TO breakwater_reports;
GRANT SELECT ON breakwater.conversions TO breakwater_reports;
GRANT SELECT ON breakwater.adjustments TO breakwater_reports;
GRANT SELECT ON breakwater.predictions TO breakwater_reports;
GRANT SELECT ON breakwater.delivery_minutes TO breakwater_reports;
GRANT SELECT ON breakwater.delivery_hours TO breakwater_reports;
GRANT SELECT ON breakwater.delivery_days TO breakwater_reports;
-- Requests are the house's, not an organisation's: only its default organisation may count them, and lift asks in which arm a viewer stood.
GRANT SELECT ON breakwater.requests TO breakwater_reports;
GRANT SELECT ON breakwater.request_minutes TO breakwater_reports;
GRANT SELECT ON breakwater.request_hours TO breakwater_reports;
GRANT SELECT ON breakwater.request_days TO breakwater_reports;

-- Every row of delivery names its advertiser; breakwater.owners says whose that is. A view reads as whoever asks it.
CREATE ROW POLICY IF NOT EXISTS own ON
    breakwater.beacons, breakwater.request_ads, breakwater.conversions, breakwater.adjustments,
    breakwater.delivery_minutes, breakwater.delivery_hours, breakwater.delivery_days
FOR SELECT USING advertiser IN
(
    SELECT advertiser FROM breakwater.owners WHERE organisation = toUUID(getSetting('SQL_organisation'))
)
TO breakwater_reports;

-- A table with a policy for one user is closed to all others but those with a policy of their own.
CREATE ROW POLICY IF NOT EXISTS everything ON
    breakwater.beacons, breakwater.request_ads, breakwater.conversions, breakwater.adjustments,
    breakwater.delivery_minutes, breakwater.delivery_hours, breakwater.delivery_days
FOR SELECT USING true
TO ALL EXCEPT breakwater_reports;
