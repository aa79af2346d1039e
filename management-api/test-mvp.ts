/** An MVP's database as it was left at schema 0001, odd rows included: 13,840 rows, the same ones each time. */
export const mvpRows = `
CREATE FUNCTION id_of(kind TEXT, n BIGINT) RETURNS UUID LANGUAGE SQL IMMUTABLE RETURN md5(kind || n)::uuid;

-- Some never said a name; two addresses differ in their capitals alone.
INSERT INTO users (id, email, password_hash, name, role, created_at)
SELECT id_of('user', n), CASE n WHEN 2 THEN 'USER1@mvp.example' ELSE 'user' || n || '@mvp.example' END,
    '$2b$10$' || substr(md5('salt' || n) || md5('hash' || n), 1, 53), CASE WHEN n % 3 = 0 THEN NULL ELSE 'User ' || n END,
    CASE WHEN n % 10 = 0 THEN 'admin' ELSE 'user' END, '2024-09-01'::timestamptz + n * INTERVAL '1 hour'
FROM generate_series(1, 40) n;

-- Every status and model; no budget, a budget of 0, one that is overspent; no rate, one of four decimals; nobody's; over at once.
INSERT INTO campaigns (id, name, description, status, budget_total, budget_spent, start_date, end_date, created_by,
    pricing_model, cpm_rate, cpc_rate, cpv_rate, created_at)
SELECT id_of('campaign', n), 'Campaign "' || n || '" ä', CASE WHEN n % 4 = 0 THEN NULL ELSE E'two\\nlines' END,
    (ARRAY['draft', 'active', 'paused', 'completed'])[1 + n % 4],
    CASE WHEN n % 7 = 0 THEN NULL WHEN n % 11 = 0 THEN 0 ELSE 1000 + n * 10.01 END,
    CASE WHEN n % 4 = 0 THEN 0 WHEN n = 5 THEN 99999.99 ELSE n * 1.37 END,
    '2024-10-01'::timestamptz + (n % 20) * INTERVAL '1 day',
    '2024-10-01'::timestamptz + (n % 20) * INTERVAL '1 day' + CASE WHEN n % 50 = 0 THEN INTERVAL '0' ELSE INTERVAL '900 days' END,
    CASE WHEN n % 5 = 0 THEN NULL ELSE id_of('user', 1 + n % 40) END,
    (ARRAY['cpm', 'cpm', 'cpm', 'cpc', 'cpv', 'flat'])[1 + n % 6],
    CASE WHEN n % 13 = 0 THEN NULL WHEN n % 3 = 0 THEN 12.3456 + n ELSE 10.5 END,
    CASE WHEN n % 2 = 0 THEN 0.4567 END, CASE WHEN n % 2 = 1 THEN 0.0321 END,
    '2024-09-20'::timestamptz + n * INTERVAL '7 minutes'
FROM generate_series(1, 400) n;

-- Files of three kinds, and none; sizes that nobody measured.
INSERT INTO creatives (id, campaign_id, name, video_url, duration, file_size, width, height, format, status)
SELECT id_of('creative', n), id_of('campaign', 1 + n % 400), 'Spot ' || n,
    CASE WHEN n % 17 = 0 THEN NULL WHEN n % 19 = 0 THEN '' WHEN n % 23 = 0 THEN 'https://cdn.example/' || n || '.m3u8'
        ELSE 'https://cdn.example/' || n || '.mp4' END,
    1 + n % 120, CASE WHEN n % 3 = 0 THEN NULL ELSE n * 1000 END, CASE WHEN n % 5 = 0 THEN NULL ELSE 1280 END,
    CASE WHEN n % 5 = 0 THEN NULL ELSE 720 END, CASE WHEN n % 4 = 0 THEN NULL ELSE 'mp4' END,
    (ARRAY['active', 'active', 'active', 'inactive', 'processing', 'failed'])[1 + n % 6]
FROM generate_series(1, 900) n;

-- A third of the requests got nothing.
INSERT INTO ad_requests (id, campaign_id, creative_id, device_id, device_type, app_id, user_agent, ip_address, context, created_at)
SELECT id_of('request', n), CASE WHEN n % 3 = 0 THEN NULL ELSE id_of('campaign', 1 + n % 400) END,
    CASE WHEN n % 3 = 0 THEN NULL ELSE id_of('creative', 1 + n % 900) END, CASE WHEN n % 8 = 0 THEN NULL ELSE 'tv-' || n % 500 END,
    CASE WHEN n % 9 = 0 THEN NULL ELSE 'roku' END, 'app', NULL, CASE WHEN n % 2 = 0 THEN '203.0.113.7'::inet END,
    CASE WHEN n % 4 = 0 THEN NULL ELSE '{"screen": "home"}'::jsonb END, '2024-10-05'::timestamptz + n * INTERVAL '11 minutes'
FROM generate_series(1, 6000) n;

-- Some of no request, some of a creative whose campaign is another.
INSERT INTO impressions (id, ad_id, campaign_id, creative_id, device_id, device_type, location_country, location_region,
    session_id, "timestamp", duration, completed)
SELECT id_of('impression', n), CASE WHEN n % 6 = 0 THEN NULL ELSE id_of('request', n) END, id_of('campaign', 1 + n % 400),
    id_of('creative', 1 + (n * 7) % 900), CASE WHEN n % 8 = 0 THEN NULL ELSE 'tv-' || n % 500 END, NULL,
    CASE WHEN n % 5 = 0 THEN NULL ELSE 'US' END, NULL, NULL, '2024-10-05 23:30:00+00'::timestamptz + n * INTERVAL '13 minutes',
    CASE WHEN n % 10 = 0 THEN NULL ELSE n % 30 END, n % 3 = 0
FROM generate_series(1, 5000) n;

-- Days with sums that no impression is left of; impressions of other days were never summed up.
INSERT INTO campaign_daily_stats (campaign_id, date, impressions, clicks, completions, spend)
SELECT id_of('campaign', 1 + n % 400), '2024-10-01'::date + n / 400 * 9 + n % 3, 100 + n, n % 7, 50 + n % 50, n * 0.11
FROM generate_series(0, 1499) n;

DROP FUNCTION id_of;
`;

/** What must be the same before and after: counts and sums of every table, as the MVP has them and as today does. */
export const mvpSums = `
SELECT 'users' AS of, COUNT(*)::text AS rows, '' AS sum FROM users
UNION ALL SELECT 'campaigns', COUNT(*)::text, SUM(budget_total)::text || ' ' || SUM(budget_spent)::text FROM campaigns
UNION ALL SELECT 'creatives', COUNT(*)::text, SUM(duration)::text || ' ' || SUM(file_size)::text FROM creatives
UNION ALL SELECT 'ad_requests', COUNT(*)::text, COUNT(campaign_id)::text FROM ad_requests
UNION ALL SELECT 'impressions', COUNT(*)::text, SUM(duration)::text || ' ' || COUNT(*) FILTER (WHERE completed)::text FROM impressions
UNION ALL SELECT 'campaign_daily_stats', COUNT(*)::text,
    SUM(impressions)::text || ' ' || SUM(clicks)::text || ' ' || SUM(completions)::text || ' ' || SUM(spend)::text
    FROM campaign_daily_stats
ORDER BY 1`;
