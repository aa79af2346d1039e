-- On a ClickHouse server: a user for reports who only reads, and only rows of the organisation that the statement names.
-- Run once as an administrator; needs `custom_settings_prefixes` to hold `SQL_`, as the shipped configuration does.
-- Then REPORTS_WAREHOUSE=http://breakwater_reports:PASSWORD@host:8123 for the management process.

CREATE SETTINGS PROFILE IF NOT EXISTS breakwater_reports SETTINGS
    readonly = 2,
    max_execution_time = 300 MAX 300,
    max_memory_usage = 4000000000 MAX 4000000000,
    SQL_organisation = '00000000-0000-0000-0000-000000000000' CHANGEABLE_IN_READONLY;

CREATE USER IF NOT EXISTS breakwater_reports IDENTIFIED WITH sha256_password BY 'CHANGE ME' SETTINGS PROFILE 'breakwater_reports';

GRANT SELECT ON breakwater.* TO breakwater_reports;

-- Every row of delivery names its advertiser; breakwater.owners says whose that is. Requests are the house's.
CREATE ROW POLICY IF NOT EXISTS own ON
    breakwater.beacons, breakwater.request_ads, breakwater.conversions,
    breakwater.delivery_minutes, breakwater.delivery_hours, breakwater.delivery_days, breakwater.adjustments
FOR SELECT USING advertiser IN
(
    SELECT advertiser FROM breakwater.owners WHERE organisation = toUUID(getSetting('SQL_organisation'))
)
TO breakwater_reports;
